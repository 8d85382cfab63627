import { expect, test } from 'bun:test'
import { spawn } from 'node:child_process'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import { type Descriptor, mediaType, sha256 } from '#oci'
import { mountTmpfs, unmount } from '#platform'
import { fromBuffer, toBuffer } from '#stream'
import { openDirectoryStore } from './directory.ts'

const isRoot = process.getuid?.() === 0
const rooted = isRoot ? test : test.skip

function describeContent(bytes: Uint8Array): Descriptor {
  return { mediaType: mediaType.ociLayer, digest: sha256(bytes), size: bytes.length }
}

async function temporaryDirectory(): Promise<{ readonly root: string } & AsyncDisposable> {
  const root = await mkdtemp(`${tmpdir()}/strake-many-`)
  return { root, [Symbol.asyncDispose]: () => rm(root, { recursive: true }) }
}

/** A directory on a file system in memory with one mebibyte. */
async function smallDisk(): Promise<{ readonly root: string } & AsyncDisposable> {
  const root = await mkdtemp(`${tmpdir()}/strake-full-`)
  mountTmpfs(root, { size: 1024 * 1024 })
  return {
    root,
    [Symbol.asyncDispose]: async () => {
      unmount(root)
      await rm(root, { recursive: true })
    },
  }
}

rooted('write() to a full disk throws, frees the space, and delete() still works', async () => {
  await using disk = await smallDisk()
  const store = await openDirectoryStore(`${disk.root}/store`)
  const small = new Uint8Array(500_000).fill(1)
  const large = new Uint8Array(2_000_000).fill(2)
  await store.write(describeContent(small), fromBuffer(small))
  const writing = store.write(describeContent(large), fromBuffer(large))
  await expect(writing).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    message: `Cannot store content in ${disk.root}/store: no space is left`,
  })
  expect(await readdir(`${store.root}/ingest`)).toEqual([])
  await store.delete(describeContent(small))
  await store.write(describeContent(small), fromBuffer(small))
  expect(await toBuffer(store.read(describeContent(small)), small.length)).toEqual(small)
})

test('write() of one blob by several processes succeeds for all, and stores it once', async () => {
  await using directory = await temporaryDirectory()
  const { root } = directory
  const script = `
    import { openDirectoryStore } from '${fileURLToPath(new URL('../index.ts', import.meta.url))}'
    const bytes = new Uint8Array(3_000_000).fill(7)
    const store = await openDirectoryStore('${root}/store')
    async function* slow() {
      for (let at = 0; at < bytes.length; at += 300_000) {
        await new Promise((resolve) => setTimeout(resolve, 2))
        yield bytes.subarray(at, at + 300_000)
      }
    }
    await store.write(JSON.parse(process.env.TARGET), slow())`
  const bytes = new Uint8Array(3_000_000).fill(7)
  const target = describeContent(bytes)
  const env = { ...process.env, TARGET: JSON.stringify(target) }
  const exits = Array.from({ length: 4 }, () => {
    const child = spawn(process.execPath, ['-e', script], { env, stdio: 'inherit' })
    return new Promise((resolve) => child.once('exit', resolve))
  })
  expect(await Promise.all(exits)).toEqual([0, 0, 0, 0])
  const store = await openDirectoryStore(`${root}/store`)
  expect(await toBuffer(store.read(target), bytes.length)).toEqual(bytes)
  expect(await readdir(`${root}/store/ingest`)).toEqual([])
})
