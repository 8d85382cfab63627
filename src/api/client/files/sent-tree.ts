import type { Draft } from '#grpc'
import { StrakeError } from '#oci'
import { treeCalls } from '#platform'
import type { Stat } from '../messages/files.ts'
import { formatGoMode, type SentType } from './go-mode.ts'

/** Where the contents of a file are, in the tree that is sent. */
export interface SentFile {
  readonly parent: Uint8Array
  readonly name: Uint8Array
}

export interface SentEntry {
  readonly stat: Draft<typeof Stat>
  /** Present for a file whose contents the client may ask for. */
  readonly file?: SentFile | undefined
}

const typesOfModes: ReadonlyMap<number, SentType> = new Map([
  [0o100000, 'file'],
  [0o040000, 'directory'],
  [0o120000, 'symlink'],
  [0o010000, 'fifo'],
  [0o020000, 'character'],
  [0o060000, 'block'],
])

/** Yields the entries of a tree in the order that clients expect: by the bytes of each name. */
export function* readTree(root: number): Generator<SentEntry> {
  yield* readDirectory(root, { path: '', firstPaths: new Map() })
}

interface Reading {
  readonly path: string
  /** The first path of each file that has several. */
  readonly firstPaths: Map<string, string>
}

function* readDirectory(root: number, { path, firstPaths }: Reading): Generator<SentEntry> {
  const parent = Buffer.from(path === '' ? '.' : path)
  const place = treeCalls.resolveDirectory(root, parent, { links: 'refuse' })
  const fd = place === undefined ? undefined : treeCalls.openDirectory(place, Buffer.from('.'))
  if (place !== undefined) treeCalls.closeDescriptor(place)
  if (fd === undefined) return
  try {
    const names = treeCalls.listDirectory(fd).map(({ name }) => name)
    for (const name of names.sort(Buffer.compare)) {
      const found = readEntry(fd, name, { path, firstPaths })
      if (found === undefined) continue
      yield found.isFile ? { stat: found.stat, file: { parent, name } } : { stat: found.stat }
      if (found.isDirectory) yield* readDirectory(root, { path: found.stat.path, firstPaths })
    }
  } finally {
    treeCalls.closeDescriptor(fd)
  }
}

interface Found {
  readonly stat: Draft<typeof Stat> & { readonly path: string }
  readonly isFile: boolean
  readonly isDirectory: boolean
}

/** Returns `undefined` for a socket, and for what has vanished. */
function readEntry(fd: number, name: Uint8Array, { path, firstPaths }: Reading): Found | undefined {
  const status = treeCalls.entryStatus(fd, name)
  const type = typesOfModes.get((status?.mode ?? 0) & 0o170000)
  if (status === undefined || type === undefined) return undefined
  const own = path === '' ? textOf(name) : `${path}/${textOf(name)}`
  let linkname = ''
  if (type === 'symlink') linkname = textOf(treeCalls.readSymlink(fd, name))
  else if (type === 'file' && status.links > 1) {
    linkname = firstPaths.get(status.identity) ?? ''
    if (linkname === '') firstPaths.set(status.identity, own)
  }
  const isDevice = type === 'character' || type === 'block'
  return {
    isFile: type === 'file' && linkname === '',
    isDirectory: type === 'directory',
    stat: {
      path: own,
      mode: formatGoMode(type, status.mode & 0o7777),
      uid: status.uid,
      gid: status.gid,
      size: type === 'file' ? status.size : 0,
      modTime: BigInt(status.mtime) * 1_000_000_000n + BigInt(status.mtimeNanoseconds),
      linkname,
      devmajor: isDevice ? status.deviceMajor : 0,
      devminor: isDevice ? status.deviceMinor : 0,
    },
  }
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Messages carry text, so a name in another encoding cannot travel. */
function textOf(name: Uint8Array): string {
  try {
    return decoder.decode(name)
  } catch (cause) {
    const shown = JSON.stringify(Buffer.from(name).toString('latin1'))
    throw new StrakeError('INVALID', `Cannot send files to the client: ${shown} is not UTF-8`, {
      cause,
    })
  }
}
