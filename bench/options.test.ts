import { describe, expect, test } from 'bun:test'
import { parseOptions, UsageError } from './options.ts'

describe('parseOptions', () => {
  test('parseOptions selects every row and peer by default', () => {
    expect(parseOptions([])).toEqual({ rows: [], without: new Set(), disk: false, keep: false })
  })

  test('parseOptions reads rows and options in any order', () => {
    expect(
      parseOptions(['push', '--runs', '2', 'pull', '--without=docker,podman', '--disk']),
    ).toEqual({
      rows: ['push', 'pull'],
      runs: 2,
      without: new Set(['docker', 'podman']),
      disk: true,
      keep: false,
    })
  })

  test('parseOptions keeps the results only with --keep', () => {
    expect(parseOptions(['--keep']).keep).toBe(true)
  })

  test.each([
    [['--runs']],
    [['--program']],
    [['--runs', '0']],
    [['--runs', '1.5']],
    [['--without', 'rkt']],
    [['-x']],
  ])('parseOptions refuses %j', (words) => {
    expect(() => parseOptions(words)).toThrow(UsageError)
  })
})
