import type { IgnoreMatcher } from '#dockerfile'
import type { BuildContext } from '../files/build-context.ts'
import { cachePath } from '../files/cache-file.ts'
import { createFileDigests } from '../files/digests.ts'
import { statusOrigin } from '../files/status-origin.ts'
import { openTree } from '../files/tree.ts'
import type { ContextRoot } from './context-root.ts'

export interface OpenContextOptions {
  /** The name in messages. */
  readonly name: string
  readonly ignore: IgnoreMatcher | undefined
  /** Directory of cache files. */
  readonly cacheFiles: string
}

/** Opens a build context. Digests of the files of a directory are kept between builds. */
export function openBuildContext(
  { path, kind, material }: ContextRoot,
  { name, ignore, cacheFiles }: OpenContextOptions,
): BuildContext & Disposable {
  const listedAt = Date.now()
  const tree = openTree(path, { name, hasOwners: false, ignore })
  const isKept = kind === 'directory' || kind === 'received'
  const origin = isKept ? statusOrigin(tree.top, path, cacheFiles) : undefined
  const digestIndex = origin && { path: cachePath(cacheFiles, 'files', path), origin }
  return {
    tree,
    digests: createFileDigests(tree, digestIndex),
    listedAt,
    origin,
    material,
    [Symbol.dispose]: () => tree[Symbol.dispose](),
  }
}
