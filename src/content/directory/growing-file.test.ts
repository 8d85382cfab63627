import { afterAll, expect, test } from 'bun:test'
import { tmpdir } from 'node:os'
import { type Descriptor, type Digest, mediaType, sha256 } from '#oci'
import { mkdtempDisposable } from '#platform'
import { type Bytes, createHasher, fromBuffer } from '#stream'
import { Arrivals, type LiveRead } from '../arrivals.ts'
import { type DirectoryStore, openDirectoryStore } from './directory.ts'

const directory = await mkdtempDisposable(tmpdir(), 'strake-arriving-')
afterAll(() => directory[Symbol.asyncDispose]())

/** Small content is written in this thread, large content in another one. */
const sizes = { small: 200_000, large: 18 * 1024 * 1024 + 5 }

function contentOf(size: number): { readonly content: Uint8Array; readonly blob: Descriptor } {
  const content = new Uint8Array(size).map((_, index) => (index * index) >> 9)
  const blob = { mediaType: mediaType.ociLayer, digest: sha256(content), size }
  return { content, blob }
}

async function openStore(): Promise<DirectoryStore> {
  return await openDirectoryStore(`${directory.path}/${crypto.randomUUID()}`)
}

for (const [name, size] of Object.entries(sizes)) {
  const { content, blob } = contentOf(size)
  const half = size >> 1

  test(`write() shows ${name} content while it is received, and until its reader has all`, async () => {
    const store = await openStore()
    const hasher = createHasher()
    const hasBegun = Promise.withResolvers<void>()
    const isWritten = Promise.withResolvers<void>()
    const read = async (live: LiveRead): Promise<void> => {
      for await (const chunk of live()) {
        hasher.update(chunk)
        hasBegun.resolve()
        await isWritten.promise
      }
    }
    let reading: Promise<void> | undefined
    async function* bytes(): Bytes & AsyncGenerator<Uint8Array> {
      yield content.subarray(0, half)
      // The second half is sent after a part of the first was read.
      await hasBegun.promise
      yield content.subarray(half)
    }
    await store.write(blob, bytes(), {
      arrivals: noting((live) => {
        reading = read(live)
      }),
    })
    isWritten.resolve()
    await reading
    expect(hasher.digest()).toBe(blob.digest)
  })

  test(`write() of ${name} content that fails ends its readers`, async () => {
    const store = await openStore()
    const seen: LiveRead[] = []
    const arrivals = noting((live) => seen.push(live))
    let reading: Promise<string> | undefined
    async function* broken(): Bytes & AsyncGenerator<Uint8Array> {
      yield content.subarray(0, half)
      reading = seen[0] && outcomeOf(seen[0])
      await new Promise((resolve) => setTimeout(resolve, 20))
      throw new Error('connection reset')
    }
    await store.write(blob, broken(), { arrivals }).catch(() => {})
    expect(await reading).toContain('ended early')
    // The stored bytes are not verified, so the rest is not shown.
    const readFrom = (start: number): Bytes => fromBuffer(content.subarray(start))
    await store.write(blob, fromBuffer(content), { arrivals, readFrom })
    expect(seen).toHaveLength(1)
    expect(await store.has(blob)).toBe(true)
    expect(await outcomeOf(() => store.read(blob))).toBe(blob.digest)
  })
}

test('write() shows content to a late reader, and nothing for content that is stored', async () => {
  const { content, blob } = contentOf(sizes.small)
  const store = await openStore()
  const seen: LiveRead[] = []
  const arrivals = noting((live) => seen.push(live))
  for (let time = 0; time < 2; time++) {
    await store.write(blob, fromBuffer(content), { arrivals })
  }
  const [live, ...more] = seen
  expect(more).toEqual([])
  expect(live && (await outcomeOf(live))).toBe(blob.digest)
  await store.delete(blob)
  expect(live && (await outcomeOf(live))).toContain('was not received')
})

/** Calls `note` for every blob that begins to be received. */
function noting(note: (live: LiveRead) => void): Arrivals {
  return new (class extends Arrivals {
    override begin(_digest: Digest, live: LiveRead): void {
      note(live)
    }
  })()
}

/** The digest of the bytes, or the error. */
async function outcomeOf(live: LiveRead): Promise<string> {
  const hasher = createHasher()
  try {
    for await (const chunk of live()) hasher.update(chunk)
  } catch (error) {
    return String(error)
  }
  return hasher.digest()
}
