import { afterAll, expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import type { Digest } from '#oci'
import { mkdtempDisposable } from '#platform'
import { FileIndex, type FileStatus } from './file-index.ts'

const directory = await mkdtempDisposable(tmpdir(), 'strake-file-index-')
afterAll(() => directory[Symbol.asyncDispose]())
const path = `${directory.path}/index`

function file(name: string, change: Partial<FileStatus> = {}): FileStatus {
  const times = { mtime: 1_700_000_000, mtimeNanoseconds: 5, ctime: -1, ctimeNanoseconds: 999 }
  return { path: name, size: 2 ** 40, ...times, inodeLow: 2 ** 32 - 1, inodeHigh: 7, ...change }
}

function digest(number: number): Digest {
  return `sha256:${number.toString(16).padStart(64, '0')}`
}

const names = ['a', 'd/b', 'd/naïve – ✓', ...Array.from({ length: 60 }, (_, n) => `many/${n}`), 'z']

function writeAll(): void {
  const index = new FileIndex(`${directory.path}/none`, 'here')
  expect(index.size).toBe(0)
  for (const [number, name] of names.entries()) index.set(file(name), digest(number))
  expect(index.size).toBe(names.length)
  index.write(path)
}

test('FileIndex finds files in any order', () => {
  writeAll()
  const orders = [
    names,
    names.toReversed(),
    names.filter((_, n) => n % 20 === 0),
    ['none', ...names],
  ]
  for (const order of orders) {
    const index = new FileIndex(path, 'here')
    const expected = order.map((name) =>
      name === 'none' ? undefined : digest(names.indexOf(name)),
    )
    expect(order.map((name) => index.find(file(name)))).toEqual(expected)
  }
})

test('FileIndex does not find a file that may have changed', () => {
  writeAll()
  const index = new FileIndex(path, 'here')
  const { path: _, ...numbers } = file('a')
  for (const [field, value] of Object.entries(numbers)) {
    expect(index.find(file('a', { [field]: value + 1 }))).toBeUndefined()
  }
  expect(index.find(file('a'))).toBe(digest(0))
})

test('FileIndex takes changed and new files, and keeps the others', () => {
  writeAll()
  const index = new FileIndex(path, 'here')
  const changed = file('d/b', { size: 3 })
  index.set(changed, digest(1000))
  index.set(file('new'), digest(1001))
  index.set(file('newer'), digest(1002))
  index.write(path)
  index.set(file('newest'), digest(1003))
  index.write(path)
  for (const each of [index, new FileIndex(path, 'here')]) {
    expect(each.size).toBe(names.length + 3)
    expect(each.find(changed)).toBe(digest(1000))
    expect(each.find(file('d/b'))).toBeUndefined()
    expect(each.find(file('newest'))).toBe(digest(1003))
    expect(each.find(file('new'))).toBe(digest(1001))
    expect(each.find(file('z'))).toBe(digest(names.length - 1))
  }
})

test('FileIndex forgets what is not kept', () => {
  writeAll()
  const index = new FileIndex(path, 'here')
  index.set(file('new'), digest(1001))
  index.keep(new Set(['d/b', 'z', 'new']))
  index.write(path)
  for (const each of [index, new FileIndex(path, 'here')]) {
    expect(each.size).toBe(3)
    expect(each.find(file('a'))).toBeUndefined()
    expect(each.find(file('d/b'))).toBe(digest(1))
    expect(each.find(file('z'))).toBe(digest(names.length - 1))
    expect(each.find(file('new'))).toBe(digest(1001))
  }
})

test('FileIndex is empty when its file was written for another origin', () => {
  writeAll()
  expect(new FileIndex(path, 'elsewhere').size).toBe(0)
  expect(new FileIndex(path, 'here').size).toBe(names.length)
})

test('FileIndex is empty when its file is damaged', () => {
  writeFileSync(path, 'something else')
  expect(new FileIndex(path, 'here').size).toBe(0)
})
