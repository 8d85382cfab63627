import { expect, test } from 'bun:test'
import fc from 'fast-check'
import type { TarInput } from '../entry.ts'
import { readTar } from '../read/read.ts'
import { inChunks } from '../testing/archives.ts'
import { encodeEntry } from './encode.ts'
import { TarLister } from './listing.ts'
import { writeTar } from './write.ts'

/** Writes an archive; returns its listing and its entries as read. */
async function listAndRead(inputs: readonly TarInput[]): Promise<{
  readonly listed: ReturnType<TarLister['finish']>
  readonly read: readonly unknown[]
  readonly size: number
}> {
  const lister = new TarLister()
  const parts: Uint8Array[] = []
  for await (const part of writeTar(inputs, lister)) parts.push(part)
  const bytes = Buffer.concat(parts)
  const read: unknown[] = []
  for await (const { body: _, ...entry } of readTar(inChunks(bytes, 700))) read.push(entry)
  return { listed: lister.finish(bytes.length), read, size: bytes.length }
}

const name = fc.oneof(
  fc.string({ minLength: 1, maxLength: 120 }),
  fc.constantFrom('n'.repeat(100), 'n'.repeat(101), 'n'.repeat(255), 'ü'.repeat(60), 'a\udcff'),
)
const path = fc
  .array(
    name.filter((each) => !/[/\0]|\ud800/.test(each) && each.isWellFormed()),
    {
      minLength: 1,
      maxLength: 5,
    },
  )
  .map((parts) => parts.join('/'))
  .filter((each) => Buffer.byteLength(each) < 1000 && !/(^|\/)[\u0080-\uffff]{90,}/.test(each))
const id = fc.constantFrom(undefined, 0, 1000, 0o7777777, 0o10000000, 2 ** 32 - 2)
const common = fc.record({
  path,
  mode: fc.option(fc.integer({ min: 0, max: 0o177777 }), { nil: undefined }),
  uid: id,
  gid: id,
  mtime: fc.constantFrom(undefined, 0, -1, 1_700_000_000, 0o77777777777, 2 ** 40),
  mtimeNanoseconds: fc.constantFrom(undefined, 0, 1, 999_999_999),
  xattrs: fc.constantFrom(
    undefined,
    new Map(),
    new Map([
      ['user.b', Uint8Array.of(0, 10, 61, 200)],
      ['user.a', Uint8Array.of(1)],
    ]),
  ),
})
const kind = fc.oneof(
  fc.uint8Array({ maxLength: 1200 }).map((body) => ({ type: 'file' as const, body })),
  fc.constant({}),
  fc.constantFrom('directory' as const, 'fifo' as const).map((type) => ({ type })),
  fc
    .tuple(fc.constantFrom('symlink' as const, 'hardlink' as const), path)
    .map(([type, linkpath]) => ({ type, linkpath })),
  fc
    .tuple(fc.constantFrom('character' as const, 'block' as const), fc.nat(4095), fc.nat(2 ** 22))
    .map(([type, deviceMajor, deviceMinor]) => ({ type, deviceMajor, deviceMinor })),
)

function withoutNothing(record: object): TarInput {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as {
    path: string
  }
}

test('TarLister lists the same entries that a reader finds', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(common, kind), { maxLength: 8 }), async (drawn) => {
      const inputs = drawn.map(([one, other]) => withoutNothing({ ...one, ...other }))
      const { listed, read, size } = await listAndRead(inputs)
      expect(listed?.entries as readonly unknown[]).toEqual(read)
      expect(listed?.size).toBe(size)
    }),
    { numRuns: 300 },
  )
})

test('TarLister drops the slash of a directory, as a reader does', async () => {
  const { listed, read } = await listAndRead([{ path: 'd/', type: 'directory' }])
  expect(listed?.entries as readonly unknown[]).toEqual(read)
})

test.each<[string, TarInput, string]>([
  [
    'a name that is too long',
    { path: `${'n/'.repeat(2500)}n` },
    'its name is longer than 4096 bytes',
  ],
  ['a component that is too long', { path: 'n'.repeat(256) }, 'longer than 255 bytes'],
  ['a name that is too deep', { path: `${'n/'.repeat(1025)}n` }, 'deeper than 1024 directories'],
  ['an invalid owner', { path: 'n', uid: 2 ** 32 - 1 }, 'its owner is out of range'],
])('TarLister refuses %s, as a reader does', async (_, input, reason) => {
  const add = (): void => new TarLister().add(input, 0, encodeEntry(input).length)
  expect(add).toThrow(reason)
  const archive = encodeEntry({ ...input, size: 0 })
  const reading = Array.fromAsync(readTar(inChunks(archive, 512)))
  await expect(reading).rejects.toThrow(reason)
})

test('TarLister drops a list that is too long', () => {
  const lister = new TarLister()
  for (let at = 0; at <= 200_000; at++) lister.add({ path: 'n' }, 512 * at, 512)
  expect(lister.finish(1)).toBeUndefined()
})
