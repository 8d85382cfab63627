import { afterAll, expect, test } from 'bun:test'
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import type { Digest } from '#oci'
import { mkdtempDisposable } from '#platform'
import { packTar } from '#tar'
import { openEarlierLayer } from './earlier-layer.ts'

const directory = await mkdtempDisposable('/dev/shm', 'strake-earlier-')
afterAll(() => directory[Symbol.asyncDispose]())
const path = `${directory.path}/layer`

const files: Readonly<Record<string, string>> = {
  'app/a': 'one',
  'app/empty': '',
  'app/naïve': 'two',
  [`${'p'.repeat(150)}/${'n'.repeat(100)}`]: 'in both fields of a header',
  'app/z': 'three',
}

function digestOf(text: string): Digest {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`
}

async function writeLayer(): Promise<void> {
  const entries = Object.entries(files).flatMap(([name, text]) => [
    { path: `dir-${name}`, type: 'directory' as const },
    { path: name, body: Buffer.from(text) },
    { path: `${'long'.repeat(60)}-${name}`, body: Buffer.from(`long ${text}`) },
  ])
  writeFileSync(path, await packTar(entries))
}

function recall(name: string, text: string): string | undefined {
  using layer = openEarlierLayer(path)
  const target = Buffer.alloc(text.length)
  return layer.recall(name, digestOf(text), target) ? target.toString('latin1') : undefined
}

test('recall() gives what is there, proved by its digest', async () => {
  await writeLayer()
  for (const [name, text] of Object.entries(files)) expect(recall(name, text)).toBe(text)
  expect(recall('app/a', 'two')).toBeUndefined()
  expect(recall('app/b', 'one')).toBeUndefined()
  expect(recall('dir-app/a', '')).toBeUndefined()
})

test('recall() believes no damaged archive, and ends in one that is cut', async () => {
  await writeLayer()
  const whole = readFileSync(path)
  const at = whole.indexOf('three')
  const flipped = Buffer.from(whole)
  flipped[at] = 0x54
  writeFileSync(path, flipped)
  expect(recall('app/z', 'three')).toBeUndefined()
  expect(recall('app/a', 'one')).toBe('one')
  for (const length of [at + 2, at - 600, 700, 1]) {
    writeFileSync(path, whole.subarray(0, length))
    expect(recall('app/z', 'three')).toBeUndefined()
  }
  writeFileSync(path, Buffer.alloc(5000, 0x37))
  expect(recall('app/z', 'three')).toBeUndefined()
})
