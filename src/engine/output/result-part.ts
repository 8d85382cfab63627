import { StrakeError } from '#oci'
import { SystemError, treeCalls } from '#platform'

/** A directory of a result. Disposing it closes its descriptor. */
export interface ResultPart extends Disposable {
  /** A path that leads to the directory while the part is open. */
  readonly root: string
}

/**
 * Opens the directory `path` of the tree at `root`. It is resolved as a container would, so that
 * links and `..` stay in the tree. Throws `NOT_FOUND` and `INVALID`.
 */
export function openResultPart(root: string, path: string): ResultPart {
  const tree = treeCalls.openRoot(root)
  try {
    const found = treeCalls.resolveDirectory(tree, Buffer.from(path))
    if (found === undefined) throw refusal('NOT_FOUND', path, 'the result has no such directory')
    return {
      root: `/proc/self/fd/${found}`,
      [Symbol.dispose]: () => treeCalls.closeDescriptor(found),
    }
  } catch (error) {
    if (!(error instanceof SystemError)) throw error
    throw refusal('INVALID', path, 'it is not a directory of the result')
  } finally {
    treeCalls.closeDescriptor(tree)
  }
}

function refusal(code: 'NOT_FOUND' | 'INVALID', path: string, reason: string): StrakeError {
  return new StrakeError(code, `Cannot write src=${path}: ${reason}`, {
    remedy: 'name a directory of the result, or leave src= out',
  })
}
