import { treeCalls } from '#platform'

/** What an earlier transfer has left under one name. */
export interface EarlierEntry {
  /** The bits of the type, as in `S_IFMT`. */
  readonly type: number
  readonly permissions: number
  readonly size: number
  /** Whole seconds, rounded down, and nanoseconds to be added. */
  readonly mtime: number
  readonly mtimeNanoseconds: number
}

const typeBits = 0o170000
const here = Buffer.from('.')

/** Returns the entries of an open directory by name. All names are UTF-8, as clients send them. */
export function listEarlier(dir: number): Map<string, EarlierEntry> {
  const found = new Map<string, EarlierEntry>()
  // The descriptor of the caller keeps its position.
  const fd = treeCalls.openDirectory(dir, here)
  if (fd === undefined) return found
  try {
    treeCalls.scanDirectory(fd, (name, { mode, size, mtime, mtimeNanoseconds }) => {
      const text = typeof name === 'string' ? name : Buffer.from(name).toString()
      const [type, permissions] = [mode & typeBits, mode & 0o7777]
      found.set(text, { type, permissions, size, mtime, mtimeNanoseconds })
    })
  } finally {
    treeCalls.closeDescriptor(fd)
  }
  return found
}
