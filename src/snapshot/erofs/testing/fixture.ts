import { createHash } from 'node:crypto'
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { listTree, readContents, readIndex, type Tree } from '#erofs'
import { applyLayer } from '#layer'
import { chainIds, type Digest } from '#oci'
import { mountsBelow, treeCalls, unmount } from '#platform'
import { decodeName, packTar, type TarInput } from '#tar'
import { rawEntry, rawPax } from '../../../tar/testing/archives.ts'
import type { LocalSnapshotter } from '../../chain/snapshotter.ts'
import { openSnapshots, type SnapshotsOptions } from '../../open.ts'
import { one } from '../../testing/changes.ts'

export { one }

export const isRoot: boolean = process.getuid?.() === 0
/** Ends the name of a test that needs root, so that a skipped test shows the reason. */
export const unlessRoot: string = isRoot ? '' : ' (skipped: needs root)'

/** Directories in memory. Leaving the scope removes them and all mounts below. */
export class Home implements Disposable {
  readonly path: string = mkdtempSync(`${tmpdir()}/strake-erofs-`)
  readonly root: string = `${this.path}/root`
  readonly run: string = `${this.path}/run`

  open(options: SnapshotsOptions = { kind: 'erofs' }): Promise<LocalSnapshotter> {
    return openSnapshots(this.root, this.run, options)
  }

  [Symbol.dispose](): void {
    for (const { target } of mountsBelow(this.path)) unmount(target, { detach: true })
    rmSync(this.path, { recursive: true, force: true })
  }
}

/** A layer as its archive. */
export interface MadeLayer {
  readonly diffId: Digest
  readonly chainId: Digest
  readonly archive: Uint8Array
}

/** Archives of entries, lowest layer first, with their IDs. */
export async function makeLayers(layers: readonly (readonly TarInput[])[]): Promise<MadeLayer[]> {
  return nameLayers(await Promise.all(layers.map((entries) => packTar(entries))))
}

export function nameLayers(archives: readonly Uint8Array[]): MadeLayer[] {
  const diffIds = archives.map(
    (bytes): Digest => `sha256:${createHash('sha256').update(bytes).digest('hex')}`,
  )
  const chain = chainIds(diffIds)
  return archives.map((archive, i) => {
    const [diffId, chainId] = [diffIds[i], chain[i]]
    if (diffId === undefined || chainId === undefined) throw new RangeError('no such layer')
    return { diffId, chainId, archive }
  })
}

/** Imports all layers and returns the chain ID of the last. */
export async function importAll(
  snapshots: LocalSnapshotter,
  layers: readonly MadeLayer[],
): Promise<Digest> {
  let parent: Digest | null = null
  for (const { diffId, chainId, archive } of layers) {
    await snapshots.importLayer(parent, { diffId, tar: one(archive) })
    parent = chainId
  }
  if (parent === null) throw new RangeError('no layers')
  return parent
}

/** Applies all layers to one plain directory, as an unpacker would. */
export async function unpackAll(root: string, layers: readonly MadeLayer[]): Promise<void> {
  mkdirSync(root, { mode: 0o755 })
  for (const { archive } of layers) await applyLayer(one(archive), root)
}

/** The properties of a path; equal for equal trees, whichever filesystem shows them. */
export interface Described {
  readonly mode: string
  readonly owner: string
  readonly mtime: bigint
  readonly size: number
  readonly device: string
  readonly target: string
  readonly xattrs: string
  readonly contents: string
  readonly links: number
  /** The first path, in order, of the same file. */
  readonly sameAs: string
}

export type Description = Readonly<Record<string, Described>>

/** Describes every path of a directory tree, `.` first. */
export function describeTree(root: string): Description {
  const found: Record<string, Described> = {}
  const firsts = new Map<string, string>()
  const visit = (path: Buffer, shown: string): void => {
    const status = lstatSync(path, { bigint: true })
    const identity = `${status.dev}:${status.ino}`
    const isDirectory = status.isDirectory()
    if (!firsts.has(identity)) firsts.set(identity, shown)
    const { rdev } = status
    const isNode = status.isCharacterDevice() || status.isBlockDevice()
    found[shown] = {
      mode: status.mode.toString(8),
      owner: `${status.uid}:${status.gid}`,
      mtime: status.mtimeNs,
      size: isDirectory ? 0 : Number(status.size),
      device: isNode
        ? `${(rdev >> 8n) & 0xfffn}:${(rdev & 0xffn) | ((rdev >> 12n) & 0xfff00n)}`
        : '',
      target: status.isSymbolicLink() ? decodeName(readlinkSync(path, { encoding: 'buffer' })) : '',
      xattrs: isDirectory || status.isFile() ? attributesOf(path) : '',
      contents: status.isFile() ? digestOf(readFileSync(path)) : '',
      links: isDirectory ? 1 : Number(status.nlink),
      sameAs: isDirectory ? '' : (firsts.get(identity) ?? ''),
    }
    if (!isDirectory) return
    const names = readdirSync(path, { encoding: 'buffer' }).sort(Buffer.compare)
    for (const name of names) {
      visit(Buffer.concat([path, Buffer.from('/'), name]), `${shown}/${decodeName(name)}`)
    }
  }
  visit(Buffer.from(root), '.')
  return found
}

function attributesOf(path: Buffer): string {
  const slash = path.lastIndexOf(0x2f)
  const above = treeCalls.openRoot('/')
  const dir = treeCalls.resolveDirectory(above, path.subarray(1, slash))
  treeCalls.closeDescriptor(above)
  if (dir === undefined) return ''
  const fd =
    treeCalls.openDirectory(dir, path.subarray(slash + 1)) ??
    treeCalls.openFileAt(dir, path.subarray(slash + 1))
  treeCalls.closeDescriptor(dir)
  if (fd === undefined) return ''
  try {
    const names = treeCalls.listAttributes(fd).map((name) => Buffer.from(name).toString('latin1'))
    return names
      .filter((name) => !name.startsWith('trusted.overlay.'))
      .sort()
      .map((name) => `${name}=${hexOf(treeCalls.readAttribute(fd, Buffer.from(name, 'latin1')))}`)
      .join(',')
  } finally {
    treeCalls.closeDescriptor(fd)
  }
}

function hexOf(value: Uint8Array | undefined): string {
  return Buffer.from(value ?? []).toString('hex')
}

function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** Like `describeTree`, for a tree in memory; `devices` maps a tag to its bytes. */
export async function describeIndex(
  tree: Tree,
  devices: ReadonlyMap<string, Uint8Array>,
): Promise<Description> {
  const found: Record<string, Described> = {}
  const firsts = new Map<object, string>()
  const links = new Map<object, number>()
  for (const { identity } of listTree(tree)) links.set(identity, (links.get(identity) ?? 0) + 1)
  for (const entry of listTree(tree)) {
    const shown = entry.path === '' ? '.' : `./${entry.path}`
    if (!firsts.has(entry.identity)) firsts.set(entry.identity, shown)
    const isDirectory = entry.type === 'directory'
    const isNode = entry.type === 'character' || entry.type === 'block'
    const hash = createHash('sha256')
    const read = (tag: string, offset: number, size: number): Uint8Array =>
      devices.get(tag)?.subarray(offset, offset + size) ?? new Uint8Array(0)
    for await (const chunk of readContents(entry, read)) hash.update(chunk)
    found[shown] = {
      mode: (typeBits[entry.type] | entry.mode).toString(8),
      owner: `${entry.uid}:${entry.gid}`,
      mtime: BigInt(entry.mtime) * 1_000_000_000n + BigInt(entry.mtimeNanoseconds),
      size: entry.size,
      device: isNode ? `${entry.deviceMajor}:${entry.deviceMinor}` : '',
      target: entry.linkpath,
      xattrs: [...entry.xattrs]
        .sort(([left], [right]) => (left < right ? -1 : 1))
        .map(([name, value]) => `${name}=${hexOf(value)}`)
        .join(','),
      contents: entry.type === 'file' ? hash.digest('hex') : '',
      links: isDirectory ? 1 : (links.get(entry.identity) ?? 0),
      sameAs: isDirectory ? '' : (firsts.get(entry.identity) ?? ''),
    }
  }
  return found
}

const typeBits = {
  file: 0o100000,
  directory: 0o040000,
  symlink: 0o120000,
  character: 0o020000,
  block: 0o060000,
  fifo: 0o010000,
} as const

/** The tree of a committed chain, read from its index without mounting. */
export function readChain(root: string, chainId: Digest): Tree {
  return readIndex(readFileSync(`${root}/chains/${chainId.slice(7)}/index.erofs`))
}

/** A member with holes: pieces of 700 bytes at the given offsets. */
export function sparseEntry(name: string, size: number, offsets: readonly number[]): Uint8Array {
  const lines = [offsets.length, ...offsets.flatMap((offset) => [offset, 700])]
  const map = Buffer.alloc(512)
  map.write(lines.map((line) => `${line}\n`).join(''))
  const pieces = offsets.map((_, i) => Buffer.alloc(700, 0x41 + i))
  const pax = rawPax([
    ['GNU.sparse.major', '1'],
    ['GNU.sparse.minor', '0'],
    ['GNU.sparse.name', name],
    ['GNU.sparse.realsize', String(size)],
  ])
  return Buffer.concat([
    pax,
    rawEntry({ name: `GNUSparseFile.0/${name}` }, Buffer.concat([map, ...pieces])),
  ])
}
