import { fileType, treeCalls } from '#platform'
import { isScanned, type Scan, type ScannedFile, scanFiles } from '#sbom'
import { decodeName } from '#tar'

/** The deepest directory that is scanned. A path of more names is longer than the kernel allows. */
const deepest = 2048

/** Directories with files of the kernel, which describe no packages. */
const kernelDirectories: ReadonlySet<string> = new Set(['proc', 'sys', 'dev'])

/**
 * Finds the packages of a tree that may be hostile. Every file is opened below a descriptor of its
 * directory, and links are not followed.
 */
export async function scanTree(root: string, signal?: AbortSignal): Promise<Scan> {
  const fd = treeCalls.openRoot(root)
  try {
    return await scanFiles(filesBelow({ fd, path: '', depth: 0 }, signal))
  } finally {
    treeCalls.closeDescriptor(fd)
  }
}

interface Directory {
  readonly fd: number
  /** With a slash at the end; `''` for the root. */
  readonly path: string
  readonly depth: number
}

/** Yields the files that are scanned. A file is valid until the next one is requested. */
async function* filesBelow(
  { fd, path, depth }: Directory,
  signal: AbortSignal | undefined,
): AsyncGenerator<ScannedFile> {
  signal?.throwIfAborted()
  const directories: Uint8Array[] = []
  const files: { readonly name: Uint8Array; readonly size: number; readonly mode: number }[] = []
  treeCalls.scanDirectory(fd, (text, { mode, size }) => {
    const name = typeof text === 'string' ? Buffer.from(text) : text
    const type = mode & fileType.mask
    if (type === fileType.directory) directories.push(name)
    else if (type === fileType.regular) files.push({ name, size, mode })
  })
  for (const { name, size, mode } of files) {
    const about = { path: path + decodeName(name), size, isExecutable: (mode & 0o111) !== 0 }
    if (!isScanned({ ...about, read: unopened })) continue
    const file = treeCalls.openFileAt(fd, name)
    if (file === undefined) continue
    try {
      yield { ...about, read: async (start, length) => readAt(file, start, length, size) }
    } finally {
      treeCalls.closeDescriptor(file)
    }
  }
  if (depth >= deepest) return
  for (const name of directories) {
    const own = decodeName(name)
    if (depth === 0 && kernelDirectories.has(own)) continue
    const child = treeCalls.openDirectory(fd, name)
    if (child === undefined) continue
    try {
      yield* filesBelow({ fd: child, path: `${path}${own}/`, depth: depth + 1 }, signal)
    } finally {
      treeCalls.closeDescriptor(child)
    }
  }
}

function unopened(): never {
  throw new RangeError('A file is read only after it was chosen')
}

/** Bytes of an open file, at most to the size that it had when it was listed. */
function readAt(fd: number, start: number, length: number, size: number): Uint8Array {
  if (!Number.isSafeInteger(start) || start < 0 || start >= size) return new Uint8Array()
  const bytes = new Uint8Array(Math.min(length, size - start))
  return bytes.subarray(0, treeCalls.readFully(fd, bytes, start))
}
