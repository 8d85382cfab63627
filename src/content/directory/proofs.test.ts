import { expect, test } from 'bun:test'
import { chmod, mkdtemp, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { ContentMismatchError, type Descriptor, mediaType, sha256 } from '#oci'
import { fromBuffer } from '#stream'
import { openDirectoryStore } from './directory.ts'
import { Proofs } from './proofs.ts'

const content = new Uint8Array(100_000).fill(7)
const blob: Descriptor = {
  mediaType: mediaType.ociLayer,
  digest: sha256(content),
  size: content.length,
}

/** A time so late that no change can have the time of an earlier one. */
const later = (): number => Date.now() + 60_000

async function openPlace(): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = await mkdtemp(`${tmpdir()}/strake-proofs-`)
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) }
}

test('prove() reads a file once while it is unchanged', async () => {
  await using place = await openPlace()
  const file = `${place.path}/file`
  await writeFile(file, content)
  const proofs = new Proofs(later)
  let reads = 0
  const prove = () => proofs.prove(blob.digest, file, async () => void reads++)
  expect(await prove()).toBe(true)
  expect(await prove()).toBe(true)
  expect(reads).toBe(1)
  // We change only its times.
  await proofs.keep(blob.digest, file, () => utimes(file, 1, 1))
  expect(await prove()).toBe(true)
  expect(reads).toBe(1)
  // Another process changes them.
  await utimes(file, 2, 2)
  await prove()
  await writeFile(file, content)
  await prove()
  expect(reads).toBe(3)
  await rm(file)
  expect(await prove()).toBe(false)
  expect(reads).toBe(3)
})

test('prove() reads once for concurrent callers, and again after a failure', async () => {
  await using place = await openPlace()
  const file = `${place.path}/file`
  await writeFile(file, content)
  const proofs = new Proofs(later)
  let reads = 0
  const failing = () =>
    proofs.prove(blob.digest, file, async () => {
      reads++
      throw new Error('damaged')
    })
  const outcomes = await Promise.allSettled([failing(), failing(), failing()])
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
  expect(reads).toBe(1)
  await expect(failing()).rejects.toThrow('damaged')
  expect(reads).toBe(2)
})

test('provedPath() detects a file that was changed after it was proved, and sets it aside', async () => {
  await using place = await openPlace()
  const store = await openDirectoryStore(place.path)
  await store.write(blob, fromBuffer(content))
  const path = await store.provedPath(blob)
  expect(path).toBe(store.pathOf(blob.digest))
  const damaged = new Uint8Array(await readFile(store.pathOf(blob.digest)))
  damaged[5000] = 8
  await chmod(store.pathOf(blob.digest), 0o600)
  await writeFile(store.pathOf(blob.digest), damaged)
  await expect(store.provedPath(blob)).rejects.toBeInstanceOf(ContentMismatchError)
  expect(await store.provedPath(blob)).toBeUndefined()
  expect(await store.has(blob)).toBe(false)
})

test('prove() does not trust a file that has just changed', async () => {
  await using place = await openPlace()
  const file = `${place.path}/file`
  await writeFile(file, content)
  const { ctimeMs } = await stat(file)
  const proofs = new Proofs(() => ctimeMs + 4)
  let reads = 0
  for (const _ of [1, 2]) await proofs.prove(blob.digest, file, async () => void reads++)
  expect(reads).toBe(2)
})
