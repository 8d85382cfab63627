import { treeCalls } from '#platform'
import { ContainerView } from '#runtime'
import { ContainerTree } from '../container-tree.ts'
import { LocalTree } from '../local-tree.ts'
import { placeCopy } from '../place.ts'
import { readTree } from '../read-tree.ts'
import type { CopyTree } from '../tree.ts'
import { TreeWriter, type WriteTreeOptions } from '../write-tree.ts'

/** The tree of a container without mounts. */
export function containerAt(root: string, readOnly = false): ContainerTree {
  return new ContainerTree(ContainerView.ofDirectory(root), { name: 'web', readOnly })
}

export function localAt(base: string): LocalTree {
  return new LocalTree(base)
}

/** One side of a copy. */
export interface End {
  readonly tree: CopyTree
  readonly path: string
}

/** Copies as the engine does, and returns the warnings. */
export async function copy(
  from: End & { readonly follow?: boolean },
  to: End,
  options: Partial<WriteTreeOptions> = {},
): Promise<readonly string[]> {
  const warnings: string[] = []
  const warn = (message: string): void => void warnings.push(message)
  const origin = from.tree.origin(from.path, { follow: from.follow ?? false })
  const { directory, name } = placeCopy(origin, to.tree.target(to.path), to.path)
  const into = treeCalls.entryStatus(directory.fd)?.identity
  using writer = new TreeWriter(to.tree, directory, { copied: () => {}, warn, ...options })
  for await (const entry of readTree(origin, { name, into, warn })) await writer.write(entry)
  writer.finish()
  return warnings
}
