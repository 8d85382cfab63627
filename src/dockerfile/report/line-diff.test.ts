import { describe, expect, test } from 'bun:test'
import { unifiedDiff } from './line-diff.ts'

describe('unifiedDiff()', () => {
  test('returns nothing for equal texts', () => expect(unifiedDiff('a\n', 'a\n', 'f')).toBe(''))

  test('shows three lines around each change', () => {
    const before = 'FROM a\n1\n2\n3\n4\n5\n6\n7\n8\n9\nEND\n'
    const after = 'from a\n1\n2\n3\n4\n5\n6\n7\n8\nNEW\n9\nEND\n'
    expect(unifiedDiff(before, after, 'Dockerfile')).toBe(
      [
        '--- a/Dockerfile',
        '+++ b/Dockerfile',
        '@@ -1,4 +1,4 @@',
        '-FROM a',
        '+from a',
        ' 1',
        ' 2',
        ' 3',
        '@@ -7,5 +7,6 @@',
        ' 6',
        ' 7',
        ' 8',
        '+NEW',
        ' 9',
        ' END',
        '',
      ].join('\n'),
    )
  })

  test('marks a missing line break at the end', () => {
    expect(unifiedDiff('a', 'a\n', 'f')).toBe(
      '--- a/f\n+++ b/f\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n',
    )
  })

  test('shows additions to an empty file', () => {
    expect(unifiedDiff('', 'a\n', 'f')).toBe('--- a/f\n+++ b/f\n@@ -0,0 +1 @@\n+a\n')
  })

  test('gives the new text when its lines are read back, for 300 random changes', () => {
    for (let seed = 1; seed <= 300; seed++) {
      const lines = (from: number): string =>
        Array.from(
          { length: (seed * from) % 7 },
          (_, index) => `${(seed * from * (index + 1)) % 4}\n`,
        ).join('')
      const [before, after] = [`a\n${lines(3)}b\n`, `A\n${lines(5)}B\n`]
      const shown = unifiedDiff(before, after, 'f').split('\n').slice(2)
      const body = (sign: string): string =>
        shown
          .filter((line) => line.startsWith(sign) || line.startsWith(' '))
          .map((line) => `${line.slice(1)}\n`)
          .join('')
      if (before !== after) expect({ seed, text: body('+') }).toEqual({ seed, text: after })
      if (before !== after) expect({ seed, text: body('-') }).toEqual({ seed, text: before })
    }
  })
})
