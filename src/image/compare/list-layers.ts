import type { ContentSource } from '#content'
import { type Layer, StrakeError, sha256 } from '#oci'
import { type Bytes, createHasher, decompress } from '#stream'
import {
  cleanPath,
  isOverlayWhiteout,
  opaqueName,
  parseWhiteout,
  readTar,
  type TarEntry,
} from '#tar'
import type { Facts } from './difference.ts'

/** The entries of layers put together: what they add, and what they remove from the layers below. */
export interface ListedLayers {
  /** The attributes of every entry, by path. */
  readonly files: ReadonlyMap<string, Facts>
}

interface Place {
  facts?: Facts
  readonly children: Map<string, Place>
}

/** The most entries of the compared layers: those of a hundred large distributions. */
const mostEntries = 20_000_000

/** Reads layers, bottom first, and keeps what a file system of them would have. */
export async function listLayers(
  source: ContentSource,
  layers: readonly Layer[],
  signal?: AbortSignal | undefined,
): Promise<ListedLayers> {
  const root: Place = { children: new Map() }
  let count = 0
  for (const { descriptor, diffId } of layers) {
    const stored = source.read(descriptor, { signal })
    const tar = descriptor.digest === diffId ? stored : decompress(stored)
    for await (const entry of readTar(tar)) {
      count++
      if (count > mostEntries) {
        throw new StrakeError('INVALID', `Cannot compare layers with ${count} entries or more`)
      }
      await addEntry(root, entry)
    }
  }
  const files = new Map<string, Facts>()
  collect(root, '', files)
  return { files }
}

async function addEntry(root: Place, entry: TarEntry): Promise<void> {
  const path = cleanPath(entry.path)
  if (path === undefined) return
  const whiteout = parseWhiteout(path)
  if (whiteout === 'invalid' || (whiteout !== undefined && whiteout.kind === 'ignored')) return
  if (whiteout?.kind === 'opaque') {
    const directory = placeAt(root, path.slice(0, -opaqueName.length))
    directory.children.clear()
    directory.children.set(opaqueName, { facts: { type: 'opaque' }, children: new Map() })
    return
  }
  const isRemoval = whiteout !== undefined || isOverlayWhiteout(entry)
  const name = whiteout === undefined ? path : removedPath(path, whiteout.name)
  const place = placeAt(root, name)
  if (isRemoval || entry.type !== 'directory') place.children.clear()
  place.facts = isRemoval ? { type: 'removed' } : await factsOf(entry)
}

function removedPath(path: string, name: string): string {
  return path.slice(0, path.lastIndexOf('/') + 1) + name
}

function placeAt(root: Place, path: string): Place {
  let place = root
  for (const name of path.split('/')) {
    if (name === '') continue
    const child = place.children.get(name) ?? { children: new Map() }
    place.children.set(name, child)
    place = child
  }
  return place
}

async function factsOf(entry: TarEntry): Promise<Facts> {
  const { type, mode, uid, gid, mtime, mtimeNanoseconds, linkpath, size } = entry
  const facts: Record<string, string> = {
    type,
    mode: mode.toString(8),
    owner: `${uid}:${gid}`,
    time: mtimeNanoseconds === 0 ? String(mtime) : `${mtime}+${mtimeNanoseconds}ns`,
  }
  if (type === 'file') {
    facts['size'] = String(size)
    facts['content'] = await digestOf(entry.body)
  }
  if (type === 'symlink' || type === 'hardlink') facts['target'] = linkpath
  if (type === 'character' || type === 'block') {
    facts['device'] = `${entry.deviceMajor}:${entry.deviceMinor}`
  }
  for (const [name, value] of entry.xattrs) facts[`xattr ${name}`] = showAttribute(value)
  return facts
}

async function digestOf(bytes: Bytes): Promise<string> {
  const hasher = createHasher()
  for await (const chunk of bytes) hasher.update(chunk)
  return hasher.digest()
}

/** Bytes up to this number are shown, in hexadecimal digits. Capabilities have 20 or 24. */
const shownBytes = 64

function showAttribute(value: Uint8Array): string {
  return value.length <= shownBytes ? Buffer.from(value).toString('hex') : sha256(value)
}

function collect({ facts, children }: Place, path: string, files: Map<string, Facts>): void {
  // A stack, because a hostile layer may nest deeper than calls can.
  const stack: [Place, string][] = [[{ ...(facts && { facts }), children }, path]]
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    const [place, at] = top
    if (place.facts !== undefined) files.set(at, place.facts)
    for (const [name, child] of place.children) {
      stack.push([child, at === '' ? name : `${at}/${name}`])
    }
  }
}
