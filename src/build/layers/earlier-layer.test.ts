import { afterAll, expect, test } from 'bun:test'
import { createHash } from 'node:crypto'
import { closeSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { crc32 } from 'node:zlib'
import type { Digest } from '#oci'
import { mkdtempDisposable, openHashingWriter, sumSize } from '#platform'
import { compareNames, encodeEntry, packTar, type TarInput } from '#tar'
import {
  type EarlierEntry,
  type EarlierLayer,
  EarlierLayerError,
  openEarlierLayer,
  writeEarlierLayer,
} from './earlier-layer.ts'

const directory = await mkdtempDisposable(tmpdir(), 'strake-earlier-')
afterAll(() => directory[Symbol.asyncDispose]())
const [archive, record] = [`${directory.path}/layer`, `${directory.path}/record`]

const contents: Readonly<Record<string, string>> = {
  'app/a': 'one',
  'app/empty': '',
  'app/large': 'large '.repeat(200_000),
  [`app/${'long'.repeat(60)}`]: 'behind a pax header',
  'app/naïve': 'two',
  [`${'p'.repeat(150)}/${'n'.repeat(100)}`]: 'in both fields of a header',
  'app/z': 'three',
}
const entries: readonly TarInput[] = [
  { path: 'app', type: 'directory' as const },
  { path: 'app/link', type: 'symlink' as const, linkpath: 'a' },
  ...Object.entries(contents).map(([path, text]) => ({ path, body: Buffer.from(text), mtime: 5 })),
].sort((left, right) => compareNames(left.path, right.path))

function digestOf(text: string | Uint8Array): Digest {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`
}

function headerOf(entry: TarInput): Uint8Array {
  const size = entry.body instanceof Uint8Array ? entry.body.length : 0
  return encodeEntry({ ...entry, size })
}

function digestIn({ body }: TarInput): Digest | undefined {
  return body instanceof Uint8Array ? digestOf(body) : undefined
}

/** Makes the archive and its record, and returns its bytes. */
async function writeLayer(): Promise<Buffer> {
  const bytes = Buffer.from(await packTar(entries))
  writeFileSync(archive, bytes)
  const blocks = Array.from({ length: Math.ceil(bytes.length / sumSize) }, (_, n) =>
    crc32(bytes.subarray(n * sumSize, (n + 1) * sumSize)),
  )
  const digests = entries.filter(({ body }) => body !== undefined).map(digestIn)
  writeEarlierLayer(record, { digest: digestOf(bytes), sums: Uint32Array.from(blocks), digests })
  return bytes
}

function open(): EarlierLayer {
  const layer = openEarlierLayer(record, () => archive)
  if (layer === undefined) throw new Error('there is no earlier layer')
  return layer
}

async function copy(layer: EarlierLayer, { start, end }: EarlierEntry): Promise<Buffer> {
  const path = `${directory.path}/copy`
  const file = openSync(path, 'w')
  try {
    await using writer = openHashingWriter(file, { expectedSize: 0 })
    for (let at = start; at < end; at = layer.copy(at, end, writer)) {
      if (writer.free === 0) await writer.flush()
    }
    await writer.finish()
    return readFileSync(path)
  } finally {
    closeSync(file)
    rmSync(path)
  }
}

test('find() finds all entries, and all their bytes can be copied', async () => {
  const bytes = await writeLayer()
  using layer = open()
  let at = 0
  for (const entry of entries) {
    const found = layer.find(entry.path, headerOf(entry), digestIn(entry))
    expect(found).toMatchObject({ start: at, hasHeader: true })
    if (found === undefined) continue
    expect((await copy(layer, found)).equals(bytes.subarray(at, found.end))).toBe(true)
    at = found.end
  }
  expect(layer.find('zzz', headerOf({ path: 'zzz' }), undefined)).toBeUndefined()
})

test('find() finds the contents of a file with another header', async () => {
  await writeLayer()
  using layer = open()
  for (const entry of entries) {
    const { path, body } = entry
    const found = layer.find(path, headerOf({ ...entry, mtime: 6 }), digestIn(entry))
    const isPax = path.length > 200 && !path.includes('/n')
    if (!(body instanceof Uint8Array) || isPax) expect(found).toBeUndefined()
    else {
      if (found === undefined) throw new Error(`${path} is not found`)
      expect(found.hasHeader).toBe(false)
      expect((await copy(layer, found)).subarray(0, body.length).equals(Buffer.from(body))).toBe(
        true,
      )
      expect(found.end % 512).toBe(0)
    }
  }
})

test('find() finds no new entry and no other contents, and then finds the next entry', async () => {
  await writeLayer()
  using layer = open()
  const find = (path: string, digest?: Digest): boolean => {
    const entry = entries.find((each) => each.path === path) ?? { path }
    return layer.find(path, headerOf(entry), digest ?? digestIn(entry))?.hasHeader === true
  }
  expect(find('app')).toBe(true)
  expect(find('app/a', digestOf('other'))).toBe(false)
  expect(find('app/b', digestOf('one'))).toBe(false)
  expect(find('app/empty')).toBe(true)
  expect(find('app/z')).toBe(true)
  expect(find('app/large')).toBe(false)
})

test('find() and copy() refuse an archive that was changed', async () => {
  const whole = await writeLayer()
  const readAll = async (): Promise<number> => {
    using layer = open()
    let found = 0
    for (const entry of entries) {
      const place = layer.find(entry.path, headerOf(entry), digestIn(entry))
      if (place !== undefined) found += (await copy(layer, place)).length
    }
    return found
  }
  expect(await readAll()).toBe(whole.length - 1024)
  for (const at of [600, sumSize + 5]) {
    const damaged = Buffer.from(whole)
    damaged[at] = (damaged[at] ?? 0) ^ 1
    writeFileSync(archive, damaged)
    await expect(readAll()).rejects.toBeInstanceOf(EarlierLayerError)
  }
  for (const length of [0, whole.length - 1]) {
    writeFileSync(archive, whole.subarray(0, length))
    await expect(readAll()).rejects.toBeInstanceOf(EarlierLayerError)
  }
})

test('openEarlierLayer() opens nothing without archive or record', async () => {
  await writeLayer()
  expect(openEarlierLayer(record, () => `${directory.path}/none`)).toBeUndefined()
  writeFileSync(record, 'something else')
  expect(openEarlierLayer(record, () => archive)).toBeUndefined()
  rmSync(record)
  expect(openEarlierLayer(record, () => archive)).toBeUndefined()
})
