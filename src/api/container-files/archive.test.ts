import { expect, test } from 'bun:test'
import { goMode } from './archive.ts'

test("goMode() has the bits of Go's os.FileMode", () => {
  expect(goMode(0o100644)).toBe(0o644)
  expect(goMode(0o040755)).toBe(2 ** 31 + 0o755)
  expect(goMode(0o041777)).toBe(2 ** 31 + 2 ** 20 + 0o777)
  expect(goMode(0o120777)).toBe(2 ** 27 + 0o777)
  expect(goMode(0o104755)).toBe(2 ** 23 + 0o755)
  expect(goMode(0o020666)).toBe(2 ** 26 + 2 ** 21 + 0o666)
})
