import {
  copyDirectoryStatus,
  type FileStatus,
  fileStatus,
  fileType,
  isSystemError,
  makeDirectory,
  treeCalls,
  typeOf,
} from '#platform'

/**
 * Lets the directories of `overlays` keep the owner and permissions that they have in the image.
 * Overlayfs shows those of the topmost directory, so this creates one in `upper` where they differ.
 * Looks only at names in the root directory.
 */
export function keepDirectoryStatus(
  upper: string,
  overlays: readonly string[],
  image: readonly string[],
): void {
  for (const overlay of overlays) {
    for (const name of namesIn(overlay)) {
      const laid = directoryStatus(`${overlay}/${name}`)
      const below = laid && topmost(image, name)
      if (below === undefined || isSameStatus(laid, below.status)) continue
      if (makeDirectory(`${upper}/${name}`, 0o700))
        copyDirectoryStatus(below.path, `${upper}/${name}`)
    }
  }
}

function namesIn(directory: string): readonly string[] {
  const fd = treeCalls.openRoot(directory)
  try {
    return treeCalls.listDirectory(fd).map(({ name }) => Buffer.from(name).toString())
  } finally {
    treeCalls.closeDescriptor(fd)
  }
}

/** The directory that the image shows under a name, if it is one. */
function topmost(
  image: readonly string[],
  name: string,
): { readonly path: string; readonly status: FileStatus } | undefined {
  for (const layer of image) {
    const path = `${layer}/${name}`
    const status = statusOf(path)
    if (status !== undefined) return isDirectory(status) ? { path, status } : undefined
  }
  return undefined
}

function directoryStatus(path: string): FileStatus | undefined {
  const status = statusOf(path)
  return status !== undefined && isDirectory(status) ? status : undefined
}

function statusOf(path: string): FileStatus | undefined {
  try {
    return fileStatus(path)
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return undefined
    throw error
  }
}

function isDirectory({ mode }: FileStatus): boolean {
  return typeOf(mode) === fileType.directory
}

function isSameStatus(one: FileStatus | undefined, other: FileStatus): boolean {
  return one?.mode === other.mode && one.uid === other.uid && one.gid === other.gid
}
