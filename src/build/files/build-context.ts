import type { FileDigests } from './digests.ts'
import type { StatusOrigin } from './status-origin.ts'
import type { FileTree } from './tree.ts'

/** Files of the user that a build copies from, and what is known of them. */
export interface BuildContext {
  readonly tree: FileTree
  readonly digests: FileDigests
  /** Milliseconds since 1970; no file was looked at before. */
  readonly listedAt: number
  /** What vouches for the status of the files, if anything does. */
  readonly origin: StatusOrigin | undefined
}

/** All build contexts of a build, by name. */
export type BuildContexts = ReadonlyMap<string, BuildContext>

/** Throws `RangeError`: a plan names only contexts that were opened. */
export function contextNamed(contexts: BuildContexts, name: string): BuildContext {
  const found = contexts.get(name)
  if (found === undefined) throw new RangeError(`There is no build context ${name}`)
  return found
}
