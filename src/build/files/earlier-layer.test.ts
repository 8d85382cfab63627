import { afterAll, expect, test } from 'bun:test'
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import type { Digest } from '#oci'
import { mkdtempDisposable } from '#platform'
import { compareNames, packTar } from '#tar'
import { openEarlierLayer, shortenDigests } from './earlier-layer.ts'

const directory = await mkdtempDisposable('/dev/shm', 'strake-earlier-')
afterAll(() => directory[Symbol.asyncDispose]())
const path = `${directory.path}/layer`

const files: Readonly<Record<string, string>> = {
  'app/a': 'one',
  'app/empty': '',
  'app/large': 'large '.repeat(300_000),
  'app/naïve': 'two',
  [`${'p'.repeat(150)}/${'n'.repeat(100)}`]: 'in both fields of a header',
  'app/z': 'three',
}
const names = Object.keys(files).sort(compareNames)

function digestOf(text: string): Digest {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`
}

/** A file behind a pax header follows each. */
const digests = shortenDigests(names.flatMap((name) => [digestOf(files[name] ?? ''), undefined]))

async function writeLayer(): Promise<Buffer> {
  const long = 'long'.repeat(60)
  const entries = names.flatMap((name) => [
    { path: name, body: Buffer.from(files[name] ?? '') },
    { path: `${name}-${long}`, body: Buffer.from(`behind a pax header: ${name}`) },
    { path: `${name}.d`, type: 'directory' as const },
  ])
  writeFileSync(path, await packTar(entries))
  return readFileSync(path)
}

function recallAll(wanted: readonly string[], size?: number): (string | undefined)[] {
  using layer = openEarlierLayer(path, digests)
  return wanted.map((name) => {
    const text = files[name] ?? ''
    const target = Buffer.alloc(size ?? Buffer.byteLength(text))
    return layer.recall(name, digestOf(text), target) ? target.toString() : undefined
  })
}

test('recall() gives the contents of files, asked for in order', async () => {
  await writeLayer()
  expect(recallAll(names)).toEqual(names.map((name) => files[name]))
  const some = names.filter((_, index) => index % 2 === 1)
  expect(recallAll(some)).toEqual(some.map((name) => files[name]))
  expect(recallAll(['app/a', 'app/b', 'app/z'])).toEqual(['one', undefined, 'three'])
  expect(recallAll(['app/a.d', 'zzz'])).toEqual([undefined, undefined])
})

test('recall() has no contents that are others now', async () => {
  await writeLayer()
  using layer = openEarlierLayer(path, digests)
  expect(layer.recall('app/a', digestOf('two'), Buffer.alloc(3))).toBe(false)
  expect(layer.recall('app/z', digestOf('three'), Buffer.alloc(5))).toBe(true)
  using unknown = openEarlierLayer(path, '')
  expect(unknown.recall('app/a', digestOf('one'), Buffer.alloc(3))).toBe(false)
})

test('recall() ends where an archive is damaged or cut', async () => {
  const whole = await writeLayer()
  const last = whole.indexOf('in both fields')
  for (const length of [last + 2, last - 600, 700, 1]) {
    writeFileSync(path, whole.subarray(0, length))
    expect(recallAll(names).at(-1)).toBeUndefined()
  }
  writeFileSync(path, Buffer.alloc(5000, 0x37))
  expect(recallAll(names, 1)).toEqual(names.map(() => undefined))
})
