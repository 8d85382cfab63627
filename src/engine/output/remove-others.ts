import { at } from '#platform'
import { decodeName } from '#tar'

/**
 * Removes everything below a directory that was not written. `written` has paths relative to
 * it. Links are removed, never followed.
 */
export function removeOthers(directory: string, written: ReadonlySet<string>): void {
  const root = at.openRoot(directory)
  try {
    removeBelow(root, '', written)
  } finally {
    at.closeDescriptor(root)
  }
}

function removeBelow(fd: number, path: string, written: ReadonlySet<string>): void {
  for (const { name } of at.listDirectory(fd)) {
    const own = `${path}${decodeName(name)}`
    if (!written.has(own)) {
      at.removeTree(fd, name)
      continue
    }
    const child = at.openDirectory(fd, name)
    if (child === undefined) continue
    try {
      removeBelow(child, `${own}/`, written)
    } finally {
      at.closeDescriptor(child)
    }
  }
}
