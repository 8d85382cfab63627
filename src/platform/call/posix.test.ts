import { afterAll, beforeAll, expect, test } from 'bun:test'
import { lstatSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import {
  closeFile,
  fileStatus,
  makeDirectories,
  makeDirectory,
  openFile,
  openFlag,
  pathExists,
  readFileAt,
  readLink,
  readSmallFile,
  realPath,
  removeDirectory,
  removeFile,
  writeSmallFile,
} from './posix.ts'

const root = `${tmpdir()}/strake-posix-test-${process.pid}`
beforeAll(() => mkdirSync(root))
afterAll(() => rmSync(root, { recursive: true }))

test('makeDirectories() creates missing directories and makeDirectory() returns whether it is new', () => {
  makeDirectories(`${root}/a/b/c`, 0o700)
  makeDirectories(`${root}/a/b/c`, 0o700)
  expect(lstatSync(`${root}/a/b`).mode & 0o777).toBe(0o700)
  expect(makeDirectory(`${root}/a`)).toBe(false)
  expect(makeDirectory(`${root}/new`)).toBe(true)
  expect(() => makeDirectory(`${root}/no/parent`)).toThrow('ENOENT')
  expect(removeDirectory(`${root}/new`)).toBe(true)
  expect(removeDirectory(`${root}/new`)).toBe(false)
  expect(() => removeDirectory(`${root}/a`)).toThrow('ENOTEMPTY')
})

test('readSmallFile() reads files of any length and returns undefined for an absent one', () => {
  const text = 'line\n'.repeat(10_000)
  writeFileSync(`${root}/long`, text)
  expect(readSmallFile(`${root}/long`)).toBe(text)
  expect(readSmallFile('/proc/filesystems')).toBe(readFileSync('/proc/filesystems', 'utf8'))
  expect(readSmallFile(`${root}/absent`)).toBeUndefined()
  expect(removeFile(`${root}/long`)).toBe(true)
  expect(removeFile(`${root}/long`)).toBe(false)
})

test('fileStatus() agrees with node:fs and does not follow links', () => {
  writeFileSync(`${root}/file`, 'hello')
  symlinkSync('file', `${root}/link`)
  const expected = lstatSync(`${root}/file`, { bigint: true })
  const status = fileStatus(`${root}/file`)
  expect(BigInt(status.mode)).toBe(expected.mode)
  expect(status.inode).toBe(expected.ino)
  expect(status.size).toBe(5)
  expect(status.mtime.seconds * 1_000_000_000n + BigInt(status.mtime.nanoseconds)).toBe(
    expected.mtimeNs,
  )
  expect(fileStatus(`${root}/link`).mode & 0o170000).toBe(0o120000)
  expect(fileStatus('/proc').mountRoot).toBe(true)
  expect(fileStatus(root).mountRoot).toBe(false)
})

test('realPath() and pathExists() describe a path', () => {
  mkdirSync(`${root}/real`)
  symlinkSync('real', `${root}/alias`)
  expect(realPath(`${root}/alias/../alias`)).toBe(`${root}/real`)
  expect(() => realPath(`${root}/missing`)).toThrow('ENOENT')
  expect(pathExists(`${root}/alias`)).toBe(true)
  expect(pathExists(`${root}/missing`)).toBe(false)
})

test('writeSmallFile() replaces the whole contents, and names a full disk', () => {
  const path = `${root}/written`
  writeSmallFile(path, 'a longer text, ü\n', 0o600)
  expect(lstatSync(path).mode & 0o777).toBe(0o600)
  writeSmallFile(path, 'short', 0o644)
  expect(readFileSync(path, 'utf8')).toBe('short')
  // The permissions of an existing file stay.
  expect(lstatSync(path).mode & 0o777).toBe(0o600)
  const full = expect(() => writeSmallFile('/dev/full', 'x', 0o600))
  full.toThrow(expect.objectContaining({ code: 'ENOSPC' }))
})

test('readFileAt() reads from a position, and nothing behind the end', () => {
  writeFileSync(`${root}/positions`, '0123456789')
  const fd = openFile(`${root}/positions`, openFlag.readOnly)
  const target = new Uint8Array(4)
  expect([readFileAt(fd, target, 7), Buffer.from(target.subarray(0, 3)).toString()]).toEqual([
    3,
    '789',
  ])
  expect(readFileAt(fd, target, 10)).toBe(0)
  closeFile(fd)
})

test('readLink() returns the text of a link, which may lead nowhere', () => {
  symlinkSync('../nowhere/ü', `${root}/lost-link`)
  expect(readLink(`${root}/lost-link`)).toBe('../nowhere/ü')
  expect(() => readLink(root)).toThrow(expect.objectContaining({ code: 'EINVAL' }))
})
