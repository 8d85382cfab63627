import { expect, test } from 'bun:test'
import { spawnSync } from 'node:child_process'
import { resolve } from 'node:path'
import { requireText } from './require-text.ts'

const line = (...words: readonly string[]): (() => Uint8Array) => {
  return () => Buffer.from(`${words.join('\0')}\0`, 'latin1')
}

test('requireText() refuses an argument with bytes that are not UTF-8', () => {
  const raw = line('bun', 'main.ts', 'run', 'a\xefb')
  expect(() => requireText(['run', 'a\ufffdb'], raw)).toThrow('it is not text in UTF-8')
})

test('requireText() accepts text, also the replacement character and empty arguments', () => {
  const raw = line('strake', '', '\xef\xbf\xbd', '')
  expect(() => requireText(['', '\ufffd', ''], raw)).not.toThrow()
})

test('requireText() reads the command line only when a character may have been replaced', () => {
  const unread = (): never => {
    throw new Error('it was read')
  }
  expect(() => requireText(['run', 'ä'], unread)).not.toThrow()
  expect(() => requireText(['\ufffd'], unread)).toThrow('it was read')
})

test('a command refuses a path that is not UTF-8 with its own exit code', () => {
  const program = [process.execPath, resolve(import.meta.dir, '../main.ts')]
  const script = `exec "$@" run -v "/tmp/$(printf 'x\\357')":/v image`
  const { status, stderr } = spawnSync('sh', ['-c', script, 'sh', ...program], { encoding: 'utf8' })
  expect(stderr).toContain('strake: Cannot use argument "/tmp/x')
  expect(status).toBe(125)
})
