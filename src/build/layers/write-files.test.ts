import { afterAll, expect, test } from 'bun:test'
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { mkdtempDisposable, openHashingWriter } from '#platform'
import { fromBuffer } from '#stream'
import { readTar, TarLister, writeTar } from '#tar'
import { selectSources } from '../files/select-sources.ts'
import { type FileTree, openTree } from '../files/tree.ts'
import { emptyTree } from './empty-tree.ts'
import { parseModeChange } from './mode.ts'
import { clampedTimes, fixedTimes, type PackOptions, packEntries } from './pack.ts'
import { type LayoutEntry, layOut } from './placement.ts'
import { type WriteFilesOptions, writeFiles } from './write-files.ts'

const directory = await mkdtempDisposable(tmpdir(), 'strake-write-files-')
afterAll(() => directory[Symbol.asyncDispose]())
const chunk = 1_048_576

/** Pseudo-random bytes, so that a piece in the wrong place changes the result. */
function noise(size: number): Buffer {
  const bytes = Buffer.allocUnsafe(size)
  for (let at = 0, state = size + 1; at < size; at++) {
    state = (state * 1_103_515_245 + 12_345) & 0x7fffffff
    bytes[at] = state >> 16
  }
  return bytes
}

function makeContext(name: string): string {
  const root = `${directory.path}/${name}`
  mkdirSync(`${root}/d/empty`, { recursive: true })
  const deep = `${root}/${'long'.repeat(20)}/${'name'.repeat(30)}/${'x'.repeat(200)}`
  mkdirSync(deep, { recursive: true })
  writeFileSync(`${deep}/${'y'.repeat(120)}`, 'far down')
  writeFileSync(`${root}/empty`, '')
  writeFileSync(`${root}/d/${'z'.repeat(101)}`, 'a name for a pax header')
  writeFileSync(`${root}/d/naïve – ✓`, 'not ASCII')
  writeFileSync(`${root}/d-`, 'sorts before what is in d')
  writeFileSync(`${root}/tool`, '#!/bin/sh\n')
  chmodSync(`${root}/tool`, 0o4755)
  symlinkSync('../'.repeat(60), `${root}/d/link`)
  spawnSync('mkfifo', [`${root}/pipe`])
  for (const size of [511, 512, 513, chunk - 513, chunk - 512, chunk - 511, chunk, 3 * chunk + 5]) {
    writeFileSync(`${root}/size-${size}`, noise(size))
  }
  return root
}

function open(root: string): FileTree {
  return openTree(root, { name: 'the build context', hasOwners: false })
}

function layOutAll(tree: FileTree): readonly LayoutEntry[] {
  const options = { exclude: [], parents: false }
  const inline = { kind: 'inline', name: 'inline', content: 'written in the Dockerfile' } as const
  const selections = selectSources(tree, [{ kind: 'path', path: '.' }, inline], options)
  return layOut(emptyTree, selections, { destination: '/app', intoDirectory: true }).entries
}

let count = 0

async function write(
  tree: FileTree,
  options: PackOptions & Partial<WriteFilesOptions> & { readonly expectedSize?: number },
): Promise<Buffer> {
  const path = `${directory.path}/tar-${++count}`
  const descriptor = openSync(path, 'wx')
  try {
    await using writer = openHashingWriter(descriptor, { ...options, isShared: true })
    const entries = layOutAll(tree)
    const lister = new TarLister()
    const silent = {
      lister,
      known: () => undefined,
      isWanted: () => false,
      onDigest() {},
      onProgress() {},
    }
    const { digest, size } = await writeFiles(tree, entries, { ...silent, ...options }, writer)
    const bytes = readFileSync(path)
    expect(size).toBe(bytes.length)
    expect(digest).toBe(`sha256:${createHash('sha256').update(bytes).digest('hex')}`)
    const read: unknown[] = []
    for await (const { body: _, ...entry } of readTar(fromBuffer(bytes))) read.push(entry)
    expect(lister.finish(size)?.entries as readonly unknown[]).toEqual(read)
    return bytes
  } finally {
    closeSync(descriptor)
    rmSync(path)
  }
}

test.each<[string, PackOptions]>([
  ['as they are', { times: clampedTimes(undefined, () => 1e12) }],
  ['clamped', { times: clampedTimes(1_700_000_000) }],
  [
    'changed',
    {
      times: fixedTimes(-5),
      owner: { uid: 3_000_000, gid: 7 },
      mode: parseModeChange('u=rwX,go-w'),
    },
  ],
])('writeFiles() makes the archive that writeTar() makes, of files %s', async (_, options) => {
  const root = makeContext(`context-${++count}`)
  using tree = open(root)
  const parts: Buffer[] = []
  const tar = writeTar(
    packEntries({ treeOf: () => tree, read: (node) => tree.read(node) }, layOutAll(tree), options),
  )
  for await (const part of tar) parts.push(Buffer.from(part))
  const plain = Buffer.concat(parts)
  for (const expectedSize of [2 ** 30, 0]) {
    const fast = await write(tree, { ...options, expectedSize })
    expect(fast.length).toBe(plain.length)
    expect(fast.equals(plain)).toBe(true)
  }
})

test('writeFiles() passes on the digest of every wanted file', async () => {
  const root = makeContext('digests')
  using tree = open(root)
  for (const expectedSize of [2 ** 30, 0]) {
    const told: Record<string, string> = {}
    await write(tree, {
      times: fixedTimes(0),
      expectedSize,
      isWanted: ({ path }) => path !== 'tool',
      onDigest: ({ path }, digest) => {
        told[path] = digest
      },
    })
    expect(Object.keys(told)).not.toContain('tool')
    expect(Object.keys(told)).toContain('empty')
    expect(Object.keys(told)).toContain(`size-${3 * chunk + 5}`)
    for (const [path, digest] of Object.entries(told)) {
      const contents = readFileSync(`${root}/${path}`)
      expect(digest).toBe(`sha256:${createHash('sha256').update(contents).digest('hex')}`)
    }
  }
})

test.each<[string, (path: string) => void]>([
  ['is written over', (path) => writeFileSync(path, noise(600))],
  ['becomes shorter', (path) => truncateSync(path, 3)],
  ['becomes longer', (path) => truncateSync(path, 2 * chunk)],
  ['goes away', (path) => rmSync(path)],
  ['becomes a link', (path) => [rmSync(path), symlinkSync('/etc/passwd', path)]],
  ['becomes a pipe', (path) => [rmSync(path), spawnSync('mkfifo', [path])]],
])('writeFiles() refuses a file that %s after it was listed', async (_, change) => {
  for (const size of [600, 2 * chunk + 1]) {
    const root = `${directory.path}/changing-${++count}`
    mkdirSync(root)
    writeFileSync(`${root}/before`, noise(chunk))
    writeFileSync(`${root}/file`, noise(size))
    using tree = open(root)
    layOutAll(tree)
    Bun.sleepSync(10)
    change(`${root}/file`)
    const refused = write(tree, { times: fixedTimes(0), expectedSize: size === 600 ? 2 ** 30 : 0 })
    await expect(refused).rejects.toMatchObject({
      code: 'CONFLICT',
      message: 'Cannot copy file: it changed in the build context while it was read',
    })
  }
})
