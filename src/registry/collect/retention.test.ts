import { expect, test } from 'bun:test'
import { blob } from '../testing/fixtures.ts'
import { decideRetention, type RetentionCriteria } from './retention.ts'

const day = 86_400_000
const now = 1000 * day
const { digest } = blob('one').descriptor
const { digest: used } = blob('used').descriptor

const tag = (name: string, pushedDaysAgo: number, pulledDaysAgo?: number) => ({
  name,
  digest,
  movedAt: now - pushedDaysAgo * day,
  pulledAt: pulledDaysAgo === undefined ? undefined : now - pulledDaysAgo * day,
})

const tags = [
  tag('v1', 30),
  tag('v2', 20, 1),
  tag('v3', 10, 9),
  tag('latest', 1),
  tag('pr-7', 40, 2),
]

function kept(keep: RetentionCriteria, options: { tags?: readonly RegExp[] } = {}): string[] {
  const rules = [{ repositories: [/^team\//], keep, ...options }]
  const decided = decideRetention('team/app', tags, { rules, now })
  return decided.filter(({ keptBy }) => keptBy !== undefined).map(({ tag: { name } }) => name)
}

test('decideRetention() keeps the tags that were pushed or pulled last, or recently', () => {
  expect(kept({ newestPushed: 2 })).toEqual(['v3', 'latest'])
  // latest was never pulled, and counts from its push.
  expect(kept({ newestPulled: 2 })).toEqual(['v2', 'latest'])
  expect(kept({ pushedWithin: 20 * day })).toEqual(['v2', 'v3', 'latest'])
  expect(kept({ pulledWithin: 2 * day })).toEqual(['v2', 'latest', 'pr-7'])
  expect(kept({ newestPushed: 1, pulledWithin: day })).toEqual(['v2', 'latest'])
  expect(kept({})).toEqual([])
})

test('decideRetention() leaves tags and repositories alone that no rule is for', () => {
  expect(kept({ newestPushed: 0 }, { tags: [/^pr-/] }).sort()).toEqual(['latest', 'v1', 'v2', 'v3'])
  const rules = [{ repositories: [/^team\//], keep: {} }]
  for (const { keptBy } of decideRetention('other', tags, { rules, now })) {
    expect(keptBy).toBe('no rule is for it')
  }
})

test('decideRetention() uses the first rule for a tag, and counts in each rule apart', () => {
  const rules = [
    { repositories: [/./], tags: [/^v/], keep: { newestPushed: 1 } },
    { repositories: [/./], keep: { newestPushed: 1 } },
  ]
  const decided = decideRetention('app', tags, { rules, now })
  const names = decided.flatMap(({ tag: { name }, keptBy }) => (keptBy === undefined ? [] : [name]))
  expect(names.sort()).toEqual(['latest', 'v3'])
})

test('decideRetention() keeps every tag of a digest that is in use', () => {
  const running = { ...tag('old', 900), digest: used }
  const rules = [{ repositories: [/./], keep: {} }]
  const decided = decideRetention('app', [...tags, running], { rules, now, inUse: new Set([used]) })
  expect(decided.filter(({ keptBy }) => keptBy !== undefined)).toEqual([
    { tag: running, keptBy: 'its digest is in use' },
  ])
})
