import { describe, expect, test } from 'bun:test'
import { sha256 } from '#oci'
import { emptyState, type FileState } from '../model/state.ts'
import { opOf, plan } from '../testing/plan.ts'
import type { Times } from '../times/times.ts'
import { operationKey } from './runner.ts'
import type { StepContext } from './workspace.ts'

type PlanOptions = NonNullable<Parameters<typeof plan>[1]>

const facts = (times: Times) => ({ facts: { times } as StepContext['facts'] })
const derived = facts({ kind: 'newest', epochs: new Map() })
const above = (text: string): FileState => ({ layers: [], chainId: sha256(text) })

/** The key of the last RUN of a Dockerfile, above a base image of no layers. */
async function keyOf(lines: string, options: PlanOptions = {}): Promise<string> {
  const op = opOf(await plan(`FROM base\n${lines}\n`, options), 'run')
  const inputs = [above('base'), ...(op.mounts ?? []).map((_, at) => above(`input ${at}`))]
  return operationKey(op, inputs, derived).hash
}

/** Each RUN sees something different. */
const different: readonly (readonly [lines: string, options?: PlanOptions])[] = [
  ['RUN make'],
  ['RUN make all'],
  ['RUN ["make"]'],
  ['RUN ["/bin/sh", "-c", "make", "all"]'],
  ['SHELL ["/bin/ash", "-c"]\nRUN make'],
  ['SHELL ["/bin/sh", "-ec"]\nRUN make'],
  ['RUN <<EOF\nmake\nEOF'],
  ['RUN <<EOF\n#!/bin/sh\nmake\nEOF'],
  ['RUN <<EOF\n#!/bin/ash\nmake\nEOF'],
  ['ENV a=1\nRUN make'],
  ['ENV a=2\nRUN make'],
  ['ENV b=1\nRUN make'],
  ['ENV a="1 b=1"\nRUN make'],
  ['ENV a=1 b=1\nRUN make'],
  ['ARG c=1\nRUN make'],
  ['ARG c\nRUN make', { args: { c: '2' } }],
  ['WORKDIR /w\nRUN make'],
  ['USER 1\nRUN make'],
  ['USER 1:2\nRUN make'],
  ['USER name\nRUN make'],
  ['RUN --network=none make'],
  ['RUN --network=host make', { grants: ['network.host'] }],
  ['RUN --device=v/c=n make', { grants: ['device'] }],
  ['RUN --device=v/c=n,required make', { grants: ['device'] }],
  ['RUN --security=insecure make', { grants: ['security.insecure'] }],
  ['RUN --mount=type=tmpfs,target=/t make'],
  ['RUN --mount=type=tmpfs,target=/u make'],
  ['RUN --mount=type=tmpfs,target=/t,size=1m make'],
  ['RUN --mount=type=bind,target=/t make'],
  ['RUN --mount=type=bind,target=/t,rw make'],
  ['RUN --mount=type=bind,source=a,target=/t make'],
  ['RUN --mount=type=secret,id=s make'],
  ['RUN --mount=type=secret,id=s,env=S make'],
  ['RUN --mount=type=secret,id=s,target=/s make'],
  ['RUN make', { base: { Env: ['a=of the base'] } }],
  ['RUN make', { base: { User: '5' } }],
  ['RUN make', { base: { WorkingDir: '/base' } }],
  ['RUN make', { base: { Shell: ['/bin/base', '-c'] } }],
  ['RUN make', { args: { BUILDKIT_SANDBOX_HOSTNAME: 'other' } }],
]

/** Each changes only what a process cannot see. */
const same: readonly (readonly [lines: string, options?: PlanOptions])[] = [
  ['# comment\nRUN make'],
  ['RUN \\\n  make'],
  ['LABEL a=1\nEXPOSE 80\nCMD ["x"]\nENTRYPOINT ["y"]\nVOLUME /v\nSTOPSIGNAL 9\nRUN make'],
  ['ONBUILD RUN other\nHEALTHCHECK CMD true\nRUN make'],
  ['RUN make', { args: { http_proxy: 'http://proxy', HTTPS_PROXY: 'http://proxy' } }],
  ['RUN make', { args: { undeclared: '1' } }],
  ['RUN make', { base: { Labels: { a: '1' }, Cmd: ['z'] } }],
]

describe('the key of a RUN', () => {
  test('changes with everything that its process can see', async () => {
    const seen = new Map<string, string>()
    for (const [lines, options] of different) {
      const key = await keyOf(lines, options)
      const name = JSON.stringify([lines, options])
      expect([name, seen.get(key)]).toEqual([name, undefined])
      seen.set(key, name)
    }
  })

  test('does not change with anything else', async () => {
    const key = await keyOf('RUN make')
    for (const [lines, options] of same) {
      expect([lines, await keyOf(lines, options)]).toEqual([lines, key])
    }
  })

  test('does not change with the name and the sharing of a cache', async () => {
    const keys = new Set<string>()
    for (const words of ['target=/c', 'target=/c,id=a', 'target=/c,sharing=locked,id=b']) {
      keys.add(await keyOf(`RUN --mount=type=cache,${words} make`))
    }
    expect(keys.size).toBe(1)
    expect(keys).not.toContain(await keyOf('RUN --mount=type=cache,target=/d make'))
    expect(keys).not.toContain(await keyOf('RUN --mount=type=cache,target=/c,mode=700 make'))
  })

  test('changes with the files below, with mounted files, and with times', async () => {
    const op = opOf(await plan('FROM base\nRUN make'), 'run')
    const [one, two] = [above('one'), above('two')]
    const keys = [
      operationKey(op, [emptyState], derived),
      operationKey(op, [one], derived),
      operationKey(op, [two], derived),
      operationKey(op, [one, two], derived),
      operationKey(op, [one, one], derived),
      operationKey(op, [one, emptyState], derived),
      operationKey(op, [one, two, one], derived),
      operationKey(op, [one, one, two], derived),
      operationKey(op, [one], facts({ kind: 'now' })),
      operationKey(op, [one], facts({ kind: 'fixed', epoch: 1, isExplicit: true })),
      operationKey(op, [one], facts({ kind: 'fixed', epoch: 2, isExplicit: true })),
    ]
    expect(new Set(keys.map(({ hash }) => hash)).size).toBe(keys.length)
  })
})
