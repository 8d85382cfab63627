import { afterAll, beforeAll, expect, test } from 'bun:test'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findProgram } from './executable.ts'

const directory = mkdtempSync(join(tmpdir(), 'executable-'))
const [first, second] = [join(directory, 'first'), join(directory, 'second')]
const before = process.cwd()
beforeAll(() => {
  for (const folder of [first, second]) {
    mkdirSync(folder)
    writeFileSync(join(folder, 'tool'), '')
  }
  chmodSync(join(second, 'tool'), 0o755)
  process.chdir(second)
})
afterAll(() => {
  process.chdir(before)
  rmSync(directory, { recursive: true })
})

test('findProgram() takes the first file of the PATH that can be executed', () => {
  expect(findProgram('tool', `${first}:${second}`)).toBe(join(second, 'tool'))
  expect(findProgram('tool', first)).toBeUndefined()
})

test('findProgram() does not look into relative directories', () => {
  expect(findProgram('tool', '.::')).toBeUndefined()
})
