import { describe, expect, test } from 'bun:test'
import { inDependencyOrder, mainContext } from '../model/graph.ts'
import type { RunMount } from '../model/mounts.ts'
import { opOf, plan } from '../testing/plan.ts'

/** The mounts of the last RUN of a stage. */
async function mountsOf(lines: string, args: Record<string, string> = {}): Promise<RunMount[]> {
  const planned = await plan(`FROM b\n${lines}`, { args })
  return [...(opOf(planned, 'run').mounts ?? [])]
}

async function mountOf(options: string, args?: Record<string, string>): Promise<RunMount> {
  const [mount] = await mountsOf(`WORKDIR /w\nARG WHERE=/var\nRUN --mount=${options} x`, args)
  if (mount === undefined) throw new Error('the RUN has no mount')
  return mount
}

describe('type=bind', () => {
  test('a bind is read-only, and its target is relative to the working directory', async () => {
    const usual = { kind: 'bind', input: 1, source: '', target: '/w/here', readOnly: true } as const
    expect(await mountOf('target=here')).toEqual(usual)
    expect(await mountOf('type=bind,target=here,rw')).toEqual({ ...usual, readOnly: false })
    expect(await mountOf('target=/$WHERE/../x,source=./a/../../b')).toEqual({
      ...usual,
      target: '/x',
      source: 'b',
    })
  })

  test('the sources of binds are inputs of the step, each once', async () => {
    const text = `FROM one AS a
RUN make
FROM two
RUN --mount=from=a,target=/a --mount=from=three,target=/b --mount=from=0,target=/c,source=d x
`
    const planned = await plan(text)
    expect(planned.resolved.toSorted()).toEqual(['one', 'three', 'two'])
    const run = inDependencyOrder(planned.target).at(-1)
    expect(run?.inputs.map(({ name }) => name)).toEqual([
      '[stage-1 1/2] FROM two',
      '[a 2/2] RUN make',
      'FROM three',
    ])
    const inputs = opOf(planned, 'run').mounts?.map((mount) => 'input' in mount && mount.input)
    expect(inputs).toEqual([1, 2, 1])
  })

  test('a bind of the build context uses only the path that it names', async () => {
    const planned = await plan('FROM b\nRUN --mount=target=/c,source=/some/file x')
    const { from, sources, parents } = opOf(planned, 'copy')
    expect({ from, sources, parents }).toEqual({
      from: { context: mainContext },
      sources: [{ kind: 'path', path: 'some/file' }],
      parents: true,
    })
  })
})

describe('type=cache', () => {
  test('a cache has its target as its ID, and belongs to root', async () => {
    expect(await mountOf('type=cache,target=$WHERE/./cache/')).toEqual({
      kind: 'cache',
      id: '//var/cache/',
      sharing: 'shared',
      source: '',
      target: '/var/cache',
      readOnly: false,
      uid: 0,
      gid: 0,
      mode: 0o755,
    })
  })

  test('a cache has the ID, the owner and the sharing it is given', async () => {
    const options = 'type=cache,target=c,id=mine,sharing=LOCKED,uid=1,gid=2,mode=0700,ro,from=x'
    expect(await mountOf(options, { BUILDKIT_CACHE_MOUNT_NS: 'team' })).toEqual({
      kind: 'cache',
      id: 'team/mine',
      sharing: 'locked',
      input: 1,
      source: '',
      target: '/w/c',
      readOnly: true,
      uid: 1,
      gid: 2,
      mode: 0o700,
    })
  })
})

test('a secret can replace a file that LXCFS replaces, and a bind can show devices', async () => {
  expect(await mountOf('type=secret,id=a,target=/proc/cpuinfo')).toMatchObject({ kind: 'secret' })
  expect(await mountOf('type=bind,from=x,target=/dev')).toMatchObject({ target: '/dev' })
})

test('a tmpfs has a size', async () => {
  const target = '/w/t'
  expect(await mountOf('type=tmpfs,target=t')).toEqual({ kind: 'tmpfs', target })
  const sized = await mountOf('type=tmpfs,target=t,size=1.5m')
  expect(sized).toEqual({ kind: 'tmpfs', target, size: 1_572_864 })
})

const secret = { kind: 'secret', isRequired: false, uid: 0, gid: 0, mode: 0o400 } as const
const secrets: readonly (readonly [string, Partial<RunMount>])[] = [
  ['id=a', { id: 'a', target: '/run/secrets/a' }],
  ['id=dir/a', { id: 'dir/a', target: '/run/secrets/a' }],
  ['target=/x/a', { id: 'a', target: '/x/a' }],
  ['id=a,target=x', { id: 'a', target: '/w/x' }],
  ['id=a,env=A', { id: 'a', env: 'A' }],
  ['env=A', { id: 'A', env: 'A' }],
  ['id=a,env=A,target=/x', { id: 'a', env: 'A', target: '/x' }],
  ['id=a,required,mode=0444', { id: 'a', target: '/run/secrets/a', isRequired: true, mode: 0o444 }],
]

test.each(secrets)('a secret with %s has the given target', async (options, expected) => {
  expect(await mountOf(`type=secret,${options}`)).toEqual({ ...secret, ...expected } as RunMount)
})

test('agents have sockets of their own', async () => {
  const usual = { kind: 'ssh', isRequired: false, uid: 0, gid: 0, mode: 0o600 } as const
  expect(await mountsOf('RUN --mount=type=ssh --mount=type=ssh,id=b,required,uid=5 x')).toEqual([
    { ...usual, id: 'default', target: '/run/buildkit/ssh_agent.0' },
    { ...usual, id: 'b', target: '/run/buildkit/ssh_agent.1', isRequired: true, uid: 5 },
  ])
})

const refusals: readonly (readonly [string, string])[] = [
  ['target=..,source=a', "invalid mount target '..'"],
  ['type=cache,target=/x,mode=$WHERE', 'invalid value for mode: /var'],
  ['type=ssh,source=x', 'RUN --mount=type=ssh does not support source'],
  ['type=tmpfs,target=/proc', 'RUN --mount cannot have target /proc: a container needs'],
  ['type=cache,target=/dev', 'RUN --mount cannot have target /dev: a container needs the devices'],
  ['type=secret,id=a,target=../proc/x', 'RUN --mount cannot have target /proc/x: it lies in /proc'],
  ['type=cache,target=/proc/cpuinfo', 'RUN --mount cannot have target /proc/cpuinfo: there is a'],
]

test.each(refusals)('planBuild() refuses a RUN --mount=%s', async (options, reason) => {
  await expect(mountOf(options)).rejects.toThrow(reason)
})
