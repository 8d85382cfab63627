import type { TarInput } from '#tar'

// Short constructors of entries. Each type has its own time.
export const text = (value: string): Uint8Array => Buffer.from(value)
export const root: TarInput = { path: './', type: 'directory', mtime: 1_000_000 }

export function dir(path: string, more: Partial<TarInput> = {}): TarInput {
  return { path, type: 'directory', mtime: 2_000_000, ...more }
}

/** A file whose default contents are its path. */
export function file(path: string, contents?: string, more: Partial<TarInput> = {}): TarInput {
  return { path, body: text(contents ?? path), mtime: 3_000_000, ...more }
}

export function symlink(path: string, linkpath: string): TarInput {
  return { path, type: 'symlink', linkpath, mtime: 4_000_000 }
}

/** Its default metadata is that of `file`. */
export function hardlink(path: string, linkpath: string, more: Partial<TarInput> = {}): TarInput {
  return { path, type: 'hardlink', linkpath, mtime: 3_000_000, ...more }
}

export function whiteout(path: string): TarInput {
  return { path }
}

/** `struct vfs_cap_data` of revision 2. */
export const capability: Uint8Array = Uint8Array.from([
  1,
  0,
  0,
  2,
  ...Array.from({ length: 16 }, (_, i) => i),
])
/** A name that is not UTF-8, in the form of `decodeName`. */
export const raw = 'caf\udce9-\udcff'
