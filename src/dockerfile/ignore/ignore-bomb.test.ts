import { expect, test } from 'bun:test'
import { parseIgnore } from './ignore.ts'

/*
 * A `.dockerignore` is untrusted input. Ten kilobytes of pattern and a hundred
 * thousand paths must take seconds. A backtracking matcher would not end.
 */
const attacks: Readonly<Record<string, string>> = {
  'double stars': `${'**/'.repeat(3333)}a`,
  'stars in one name': '*a'.repeat(5000),
  'double stars in names': `${'a**'.repeat(3333)}b`,
  'short names with double stars': `${'a**'.repeat(8)}x`,
  'directories with stars': '**/*a'.repeat(2000),
  'a few directories with stars': '**/*a/'.repeat(4),
  'question marks': '?'.repeat(10_000),
  'a class of ten kilobytes': `[${'a-za'.repeat(2500)}]*b`,
  'many lines': '**/*a*b\n'.repeat(4),
}
const paths = Array.from(
  { length: 1000 },
  (_, index) =>
    `a/aa/aaaaaaaaa/aaaaaaaaaaaaaa/aaaaaaaaaaaaaaaaaaaaaaa/aaaaaaaaaaaaaaaaaaaaaaaaaac${index}`,
)

for (const [what, file] of Object.entries(attacks)) {
  test(
    `ignores() is linear in ${what}`,
    () => {
      const matcher = parseIgnore(file)
      let ignored = 0
      for (let round = 0; round < 100; round++) {
        for (const path of paths) {
          ignored += matcher.ignores(path) ? 1 : 0
        }
      }
      expect([0, 100_000]).toContain(ignored)
    },
    { timeout: 120_000 },
  )
}
