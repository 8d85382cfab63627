import { expect, test } from 'bun:test'
import { createVertex, inDependencyOrder } from './graph.ts'

test('inDependencyOrder() orders chains that are too deep for recursion', () => {
  const next = createVertex({ kind: 'workdir', path: '/next', user: '' }, [], { name: 'next' })
  let target = next
  for (let index = 0; index < 50_000; index++) {
    target = { ...next, digest: `sha256:${index}`, inputs: [target] }
  }
  expect(inDependencyOrder(target)).toHaveLength(50_001)
})

test('createVertex() makes chains of any length, whose digests are computed when asked for', () => {
  let last = createVertex({ kind: 'scratch' }, [], { name: 'FROM scratch' })
  for (let at = 0; at < 60_000; at++) {
    last = createVertex({ kind: 'workdir', path: `/${at}`, user: '' }, [last], { name: 'WORKDIR' })
  }
  expect(last.digest).toStartWith('sha256:')
  expect(inDependencyOrder(last)).toHaveLength(60_001)
})
