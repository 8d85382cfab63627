import type { GitMaterial, HttpMaterial } from '../model/provenance.ts'
import type { FileDigests } from './digests.ts'
import type { StatusOrigin } from './status-origin.ts'
import type { FileTree } from './tree.ts'

/** A build context: its files, and the digests that are known of them. */
export interface BuildContext {
  readonly tree: FileTree
  readonly digests: FileDigests
  /** The time before the first look at a file, in milliseconds since 1970. */
  readonly listedAt: number
  /** The file system whose kernel proves the status of the files. */
  readonly origin: StatusOrigin | undefined
  /** What identifies the files of another machine. Absent for files of this machine. */
  readonly material?: GitMaterial | HttpMaterial | undefined
}

/** All build contexts of a build, by name. */
export type BuildContexts = ReadonlyMap<string, BuildContext>

/** Returns a context by name. Throws `RangeError` for a name that was not opened. */
export function contextNamed(contexts: BuildContexts, name: string): BuildContext {
  const found = contexts.get(name)
  if (found === undefined) throw new RangeError(`There is no build context ${name}`)
  return found
}
