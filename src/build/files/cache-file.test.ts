import { afterAll, expect, test } from 'bun:test'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { mkdtempDisposable } from '#platform'
import { bytesOf, cachePath, readCacheFile, writeCacheFile } from './cache-file.ts'

const directory = await mkdtempDisposable(tmpdir(), 'strake-cache-file-')
afterAll(() => directory[Symbol.asyncDispose]())
const path = `${directory.path}/deep/file`
const parts = [Buffer.from('one'), new Uint8Array(0), bytesOf(Float64Array.of(1.5, -2))]

test('readCacheFile() returns the parts that were written, aligned for reading numbers', () => {
  writeCacheFile(path, parts)
  writeCacheFile(path, parts)
  const found = readCacheFile(path, 3) ?? []
  expect(found.map((part) => Buffer.from(part))).toEqual(parts.map((part) => Buffer.from(part)))
  const [, , last] = found
  if (last === undefined) throw new Error('there is no third part')
  expect([...new Float64Array(last.buffer, last.byteOffset, 2)]).toEqual([1.5, -2])
  expect(readdirSync(`${directory.path}/deep`)).toEqual(['file'])
})

test('readCacheFile() returns undefined for a file that is absent, cut, damaged or of another kind', () => {
  expect(readCacheFile(`${directory.path}/none`, 3)).toBeUndefined()
  expect(readCacheFile(directory.path, 3)).toBeUndefined()
  writeCacheFile(path, parts)
  const whole = readFileSync(path)
  expect(readCacheFile(path, 2)).toBeUndefined()
  for (let at = 0; at < whole.length; at++) {
    writeFileSync(path, whole.subarray(0, at))
    expect(readCacheFile(path, 3)).toBeUndefined()
    const damaged = Buffer.from(whole)
    damaged[at] = (damaged[at] ?? 0) ^ 4
    writeFileSync(path, damaged)
    expect(readCacheFile(path, 3)).toBeUndefined()
  }
})

test('writeCacheFile() ignores a directory that it cannot write to', () => {
  const taken = `${directory.path}/taken`
  mkdirSync(`${taken}/full`, { recursive: true })
  writeCacheFile(taken, parts)
  expect(readdirSync(directory.path).sort()).toEqual(['deep', 'taken'])
  expect(readCacheFile(taken, 3)).toBeUndefined()
})

test('cachePath() has another path for every key and kind', () => {
  const paths = [cachePath('/d', 'a', 'x'), cachePath('/d', 'b', 'x'), cachePath('/d', 'a', 'y')]
  expect(new Set(paths).size).toBe(3)
  for (const each of paths) expect(each).toMatch(/^\/d\/[0-9a-f]{32}\.[ab]$/)
})
