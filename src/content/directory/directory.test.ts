import { describe, expect, test } from 'bun:test'
import { spawn } from 'node:child_process'
import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { type Descriptor, digestHex, mediaType, sha256 } from '#oci'
import { type Bytes, fromBuffer, toBuffer } from '#stream'
import { testContentStore, testLocalIngests } from '../testing/contract.ts'
import { type DirectoryStore, openDirectoryStore } from './directory.ts'
import { readIndex, writeIndex } from './image-layout.ts'

async function openTemporary(): Promise<{ store: DirectoryStore } & AsyncDisposable> {
  const root = await mkdtemp(`${tmpdir()}/strake-content-`)
  const store = await openDirectoryStore(root)
  return { store, [Symbol.asyncDispose]: () => rm(root, { recursive: true }) }
}

testContentStore('openDirectoryStore()', openTemporary)
describe('openDirectoryStore() as a local store', () => testLocalIngests(openTemporary))

const content = new TextEncoder().encode('one line of planking\n'.repeat(1000))
const descriptor: Descriptor = {
  mediaType: mediaType.ociLayer,
  digest: sha256(content),
  size: content.length,
}
const ingestName = `sha256-${digestHex(descriptor.digest)}`

/** Leaves the first `length` bytes of `bytes` in the store, like an interrupted `write`. */
async function interrupt(store: DirectoryStore, bytes: Uint8Array, length: number): Promise<void> {
  async function* broken(): Bytes & AsyncGenerator<Uint8Array> {
    yield bytes.subarray(0, length)
    throw new Error('connection reset')
  }
  await store.write(descriptor, broken()).catch(() => {})
}

test('openDirectoryStore() keeps blobs read-only in an image layout', async () => {
  await using opened = await openTemporary()
  const { store } = opened
  await store.write(descriptor, fromBuffer(content))
  expect((await stat(store.pathOf(descriptor.digest))).mode & 0o777).toBe(0o444)
  expect(store.pathOf(descriptor.digest)).toBe(
    `${store.root}/blobs/sha256/${digestHex(descriptor.digest)}`,
  )
  expect(await readFile(`${store.root}/oci-layout`, 'utf8')).toBe('{"imageLayoutVersion":"1.0.0"}')
  expect(await readdir(`${store.root}/ingest`)).toEqual([])
})

test('openDirectoryStore() opens an existing store without changing it', async () => {
  await using opened = await openTemporary()
  const { root } = opened.store
  await writeIndex(root, [{ ...descriptor, mediaType: mediaType.ociManifest }])
  await openDirectoryStore(root)
  expect(await readIndex(root)).toEqual([{ ...descriptor, mediaType: mediaType.ociManifest }])
})

test('read() detects a blob that was changed, cut or extended on disk', async () => {
  await using opened = await openTemporary()
  const { store } = opened
  const path = store.pathOf(descriptor.digest)
  const read = () => toBuffer(store.read(descriptor), content.length + 10)
  const damages = [
    (other: Uint8Array) => writeFile(path, other.fill(0, 9, 10)),
    () => truncate(path, content.length - 1),
    (other: Uint8Array) => writeFile(path, Buffer.concat([other, Buffer.from('x')])),
  ]
  for (const damage of damages) {
    await store.delete(descriptor)
    await store.write(descriptor, fromBuffer(content))
    await chmod(path, 0o644)
    await damage(content.slice())
    await expect(read()).rejects.toMatchObject({ name: 'ContentMismatchError' })
  }
})

test('read() refuses anything but a file in place of a blob, sets it aside, and a write heals it', async () => {
  await using opened = await openTemporary()
  const { store } = opened
  const small = new TextEncoder().encode('{"small":true}')
  const disguises = [
    (path: string) => mkdir(`${path}/sub`, { recursive: true }),
    (path: string) => symlink('/dev/zero', path),
    (path: string) => new Promise((resolve) => spawn('mkfifo', [path]).once('exit', resolve)),
    (path: string) => writeFile(path, new Uint8Array(small.length)),
  ]
  for (const bytes of [content, small]) {
    const target = { ...descriptor, digest: sha256(bytes), size: bytes.length }
    const path = store.pathOf(target.digest)
    for (const disguise of disguises) {
      await store.write(target, fromBuffer(bytes))
      await rm(path)
      await disguise(path)
      const reading = toBuffer(store.read(target), 1_000_000)
      await expect(reading).rejects.toMatchObject({ name: 'ContentMismatchError' })
      expect(await store.has(target)).toBe(false)
      await mkdir(path)
      await store.write(target, fromBuffer(bytes))
      expect(await toBuffer(store.read(target), bytes.length)).toEqual(bytes)
    }
  }
})

test('read() keeps a blob whose descriptor has a wrong size', async () => {
  await using opened = await openTemporary()
  const { store } = opened
  await store.write(descriptor, fromBuffer(content))
  for (const size of [content.length - 1, content.length + 1, 5]) {
    const reading = toBuffer(store.read({ ...descriptor, size }), content.length + 10)
    await expect(reading).rejects.toMatchObject({ name: 'ContentMismatchError' })
  }
  expect(await store.has(descriptor)).toBe(true)
})

test('write() resumes with the missing bytes', async () => {
  await using opened = await openTemporary()
  const { store } = opened
  await interrupt(store, content, 5000)
  expect(await readdir(`${store.root}/ingest`)).toEqual([ingestName])
  const starts: number[] = []
  const readFrom = (start: number): Bytes => {
    starts.push(start)
    return fromBuffer(content.subarray(start))
  }
  const unused: Bytes = { [Symbol.asyncIterator]: () => expect.unreachable() }
  await store.write(descriptor, unused, { readFrom })
  expect(starts).toEqual([5000])
  expect(await toBuffer(store.read(descriptor), content.length)).toEqual(content)
})

test('write() reads nothing when an earlier attempt had received everything', async () => {
  await using opened = await openTemporary()
  const { store } = opened
  await interrupt(store, content, content.length)
  const unused: Bytes = { [Symbol.asyncIterator]: () => expect.unreachable() }
  await store.write(descriptor, unused, { readFrom: () => unused })
  expect(await toBuffer(store.read(descriptor), content.length)).toEqual(content)
})

test('write() starts again when the bytes of an earlier attempt do not match', async () => {
  await using opened = await openTemporary()
  const { store } = opened
  await interrupt(store, new Uint8Array(5000), 5000)
  const readFrom = (start: number): Bytes => fromBuffer(content.subarray(start))
  await store.write(descriptor, fromBuffer(content), { readFrom })
  expect(await toBuffer(store.read(descriptor), content.length)).toEqual(content)
  expect(await readdir(`${store.root}/ingest`)).toEqual([])
})

test('write() takes over from a process that died, and hashes its bytes', async () => {
  await using opened = await openTemporary()
  const { store } = opened
  await interrupt(store, content, 5000)
  const child = spawn('true')
  await new Promise((resolve) => child.once('exit', resolve))
  const held = `${store.root}/ingest/${ingestName}@${child.pid}.1.00000000.1`
  await rename(`${store.root}/ingest/${ingestName}`, held)
  const readFrom = (start: number): Bytes => fromBuffer(content.subarray(start))
  await store.write(descriptor, fromBuffer(content), { readFrom })
  expect(await toBuffer(store.read(descriptor), content.length)).toEqual(content)
  expect(await readdir(`${store.root}/ingest`)).toEqual([])
})

test('write() waits for a living holder and uses its result', async () => {
  await using opened = await openTemporary()
  const { store } = opened
  const holder = await store.ingest({ id: ingestName })
  const unused: Bytes = { [Symbol.asyncIterator]: () => expect.unreachable() }
  const writing = store.write(descriptor, unused)
  await holder.append(fromBuffer(content))
  await holder.commit(descriptor.digest)
  await writing
  expect(await store.has(descriptor)).toBe(true)
})

test('write() leaves nothing behind for content with another digest', async () => {
  await using opened = await openTemporary()
  const { store } = opened
  await store.write(descriptor, fromBuffer(new Uint8Array(content.length))).catch(() => {})
  expect(await readdir(`${store.root}/ingest`)).toEqual([])
  expect(await readdir(`${store.root}/blobs/sha256`)).toEqual([])
})

test('deleteUnless() hides a blob from new readers during its check, but not from waiting ones', async () => {
  await using opened = await openTemporary()
  const { store } = opened
  await store.write(descriptor, fromBuffer(content))
  let reading: Promise<Uint8Array> | undefined
  const isGone = await store.deleteUnless(descriptor.digest, async () => {
    expect(await store.has(descriptor)).toBe(false)
    // A concurrent collection must not take a blob that this one holds.
    await store.sweep(-1)
    expect(await store.deleteUnless(descriptor.digest, () => false)).toBe(false)
    reading = toBuffer(store.read(descriptor), content.length)
    return true
  })
  expect(isGone).toBe(false)
  expect(await reading).toEqual(content)
  expect(await readdir(`${store.root}/ingest`)).toEqual([])
})

test('deleteUnless() that was killed leaves a blob that a write or a sweep restores', async () => {
  await using opened = await openTemporary()
  const { store } = opened
  await store.write(descriptor, fromBuffer(content))
  const script = `
    import { openDirectoryStore } from '${new URL('../index.ts', import.meta.url).pathname}'
    const store = await openDirectoryStore('${store.root}')
    await store.deleteUnless('${descriptor.digest}', () => process.kill(process.pid, 'SIGKILL'))`
  for (const recover of [
    () => store.write(descriptor, { [Symbol.asyncIterator]: () => expect.unreachable() }),
    () => store.sweep(60_000),
  ]) {
    const child = spawn(process.execPath, ['-e', script], { stdio: 'inherit' })
    await new Promise((resolve) => child.once('exit', resolve))
    expect(await store.has(descriptor)).toBe(false)
    await recover()
    expect(await toBuffer(store.read(descriptor), content.length)).toEqual(content)
    expect(await readdir(`${store.root}/ingest`)).toEqual([])
  }
})

test('has() marks a blob as used, and refuses another size', async () => {
  await using opened = await openTemporary()
  const { store } = opened
  await store.write(descriptor, fromBuffer(content))
  const path = store.pathOf(descriptor.digest)
  await utimes(path, 1000, 1000)
  expect(await store.has({ ...descriptor, size: 1 })).toBe(false)
  expect((await stat(path)).mtimeMs).toBe(1_000_000)
  expect(await store.has(descriptor)).toBe(true)
  expect(Date.now() - (await stat(path)).mtimeMs).toBeLessThan(60_000)
})

test('sweep() empties the trash and drops old ingests without a holder', async () => {
  await using opened = await openTemporary()
  const { store } = opened
  await interrupt(store, content, 5000)
  await mkdir(`${store.root}/trash/old`)
  await using held = await store.ingest({ id: 'held' })
  {
    await using anonymous = await store.ingest()
    await anonymous.append(fromBuffer(content))
  }
  expect((await readdir(`${store.root}/ingest`)).length).toBe(3)
  await store.sweep(60_000)
  expect((await readdir(`${store.root}/ingest`)).length).toBe(2)
  await store.sweep(-1)
  const left = await readdir(`${store.root}/ingest`)
  expect(left.length).toBe(1)
  expect(left[0]).toStartWith(`${held.id}@`)
  expect(await readdir(`${store.root}/trash`)).toEqual([])
})
