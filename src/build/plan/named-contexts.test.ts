import { describe, expect, test } from 'bun:test'
import { inDependencyOrder } from '../model/graph.ts'
import { opOf, plan } from '../testing/plan.ts'

const image = (reference: string) => ({ kind: 'image', reference }) as const
const files = { kind: 'directory', path: '/src' } as const

describe('planBuild() with named contexts', () => {
  test('an image replaces a stage, its instructions included', async () => {
    const text = 'FROM a AS base\nRUN base\nFROM base\nCOPY --from=base /x /x'
    const { resolved, steps } = await plan(text, { contexts: { base: image('b:1') } })
    expect(resolved).toEqual(['b:1'])
    expect(steps.join()).not.toContain('RUN base')
  })

  test('an image replaces an image of FROM, COPY and mounts', async () => {
    const text = 'FROM alpine\nCOPY --from=tools /x /x\nRUN --mount=from=tools,target=/m true'
    const contexts = { 'docker.io/library/alpine:latest': image('b:1'), tools: image('c:1') }
    expect((await plan(text, { contexts })).resolved).toEqual(['b:1', 'c:1'])
  })

  test('files replace an image: COPY takes them in place, FROM and mounts get a copy', async () => {
    const copied = await plan('FROM scratch\nCOPY --from=src a /a', { contexts: { src: files } })
    expect(opOf(copied, 'copy')).toMatchObject({ from: { context: 'src' } })
    const based = await plan('FROM src\nRUN true', { contexts: { src: files } })
    expect(inDependencyOrder(based.target).map(({ op }) => op.kind)).toEqual([
      'scratch',
      'copy',
      'run',
    ])
    const mounted = await plan('FROM scratch\nRUN --mount=from=src,target=/m true', {
      contexts: { src: files },
    })
    expect(opOf(mounted, 'copy')).toMatchObject({ from: { context: 'src' }, link: true })
  })

  test('scratch as a context is the empty file system', async () => {
    const { resolved } = await plan('FROM a\nCOPY --from=b /x /x', {
      contexts: { a: image('scratch'), b: image('scratch') },
    })
    expect(resolved).toEqual([])
  })
})
