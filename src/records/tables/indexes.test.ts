import { afterAll, beforeEach, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { mediaType, sha256 } from '#oci'
import { openRecords, type Records } from '../records.ts'

const root = mkdtempSync(`${tmpdir()}/strake-indexes-`)
let count = 0
let records: Records

beforeEach(() => {
  records?.close()
  records = openRecords(`${root}/${count++}.db`, { now: () => 1000 })
})

afterAll(() => {
  records.close()
  rmSync(root, { recursive: true })
})

const [one, two, three] = ['one', 'two', 'three'].map((text) => sha256(text)) as [
  ReturnType<typeof sha256>,
  ReturnType<typeof sha256>,
  ReturnType<typeof sha256>,
]
const index = { mediaType: mediaType.ociIndex, digest: sha256('index'), size: 7 }

test('put() keeps the images in their order, and replaces them', () => {
  const { indexes } = records
  indexes.put(index, [two, one])
  expect(indexes.get(index.digest)).toEqual({ ...index, addedAt: 1000, images: [two, one] })
  indexes.put(index, [three])
  expect(indexes.list()).toEqual([{ ...index, addedAt: 1000, images: [three] }])
  expect(indexes.get(one)).toBeUndefined()
})

test('having() finds the indexes of an image, until they are removed', () => {
  const { indexes } = records
  const other = { ...index, digest: sha256('other') }
  indexes.put(index, [one, two])
  indexes.put(other, [two])
  const digests = (image: typeof one): readonly string[] =>
    indexes.having(image).map(({ digest }) => digest)
  expect(digests(one)).toEqual([index.digest])
  expect(digests(two).toSorted()).toEqual([index.digest, other.digest].toSorted())
  expect(digests(three)).toEqual([])
  expect(indexes.remove(other.digest)).toBe(true)
  expect(indexes.remove(other.digest)).toBe(false)
  expect(digests(two)).toEqual([index.digest])
})

test('findByPrefix() takes the beginning of a digest and nothing else', () => {
  const { indexes } = records
  indexes.put(index, [one])
  const hex = index.digest.slice('sha256:'.length)
  for (const text of [index.digest, hex, hex.slice(0, 6), `sha256:${hex.slice(0, 6)}`]) {
    expect(indexes.findByPrefix(text)).toHaveLength(1)
  }
  for (const text of ['', 'app:1', 'sha512:0', hex.toUpperCase(), one]) {
    expect(indexes.findByPrefix(text)).toEqual([])
  }
})
