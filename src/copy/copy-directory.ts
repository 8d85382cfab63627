import { treeCalls } from '#platform'
import { type CopyEntry, readTree } from './read-tree.ts'
import type { TreeRules } from './tree.ts'
import { TreeWriter } from './write-tree.ts'

/** A tree of which one directory is open, and in which no link is followed. */
const openTree: TreeRules = {
  coverAt: () => undefined,
  follow: () => undefined,
  isHollow: () => false,
}

export interface CopyDirectoryOptions {
  readonly warn: (message: string) => void
  /** Called with the number of bytes that were copied since the last call. */
  readonly copied?: ((bytes: number) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

/** Yields the files in an open directory, after the directory itself. */
export function directoryEntries(
  directory: number,
  { warn, signal, into }: CopyDirectoryOptions & { readonly into?: string | undefined },
): AsyncGenerator<CopyEntry, void, undefined> {
  const status = treeCalls.entryStatus(directory)
  if (status === undefined) throw new TypeError('an open directory has no status')
  const place = { path: '/', fd: directory, status, name: '.', contentsOnly: true }
  return readTree({ tree: openTree, ...place }, { name: '.', into, warn, signal })
}

/** Writes entries into an open directory. */
export function directoryWriter(
  directory: number,
  { warn, copied = () => {}, signal }: CopyDirectoryOptions,
): TreeWriter {
  const base = { path: '/', fd: directory, readOnly: false }
  return new TreeWriter(openTree, base, { warn, copied, signal })
}

/**
 * Copies the files of one open directory into another, with owners, modes, times, links and holes.
 * File systems that can share blocks do so. Other processes may change both trees during the copy.
 */
export async function copyDirectory(
  from: number,
  to: number,
  options: CopyDirectoryOptions,
): Promise<void> {
  const into = treeCalls.entryStatus(to)?.identity
  using writer = directoryWriter(to, options)
  for await (const entry of directoryEntries(from, { ...options, into })) await writer.write(entry)
  writer.finish()
}
