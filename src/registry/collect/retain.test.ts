import { expect, test } from 'bun:test'
import { changeRules, collectSettings } from '../config/content-rules.ts'
import { createMemoryFacts } from '../store/memory.ts'
import { blob } from '../testing/fixtures.ts'
import { retain } from './retain.ts'

test('retain() never removes a fixed tag', async () => {
  const { digest, ...rest } = blob('image').descriptor
  const facts = createMemoryFacts()
  const app = facts.repository('release/app')
  await app.add({ kind: 'manifest', descriptor: { digest, ...rest } })
  for (const name of ['latest', 'v1']) await app.setTag(name, digest)
  const ledger = {
    async *tags() {
      for (const name of ['latest', 'v1']) yield { name, digest, movedAt: 0 }
    },
  }
  const config = {
    fixedTags: [{ repositories: ['release/**'], tags: ['v*'] }],
    retention: [{ repositories: ['**'], keep: {} }],
  }
  const { retention: rules = [], fixedBy } = collectSettings(config) ?? {}
  expect(fixedBy?.('release/app', 'v1')).toBe(changeRules(config)?.fixedBy('release/app', 'v1'))
  const removed = await Array.fromAsync(retain({ facts, ledger }, { rules, fixedBy, now: () => 1 }))
  expect(removed.map(({ tag }) => tag)).toEqual(['latest'])
  expect(await Array.fromAsync(app.tags())).toEqual(['v1'])
})
