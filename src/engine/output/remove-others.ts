import { treeCalls } from '#platform'
import { decodeName } from '#tar'

/**
 * Removes everything below a directory that was not written. `written` has paths relative to
 * it. Links are removed, never followed.
 */
export function removeOthers(directory: string, written: ReadonlySet<string>): void {
  const root = treeCalls.openRoot(directory)
  try {
    removeBelow(root, '', written)
  } finally {
    treeCalls.closeDescriptor(root)
  }
}

function removeBelow(fd: number, path: string, written: ReadonlySet<string>): void {
  for (const { name } of treeCalls.listDirectory(fd)) {
    const own = `${path}${decodeName(name)}`
    if (!written.has(own)) {
      treeCalls.removeTree(fd, name)
      continue
    }
    const child = treeCalls.openDirectory(fd, name)
    if (child === undefined) continue
    try {
      removeBelow(child, `${own}/`, written)
    } finally {
      treeCalls.closeDescriptor(child)
    }
  }
}
