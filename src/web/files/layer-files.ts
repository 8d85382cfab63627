import { type Digest, StrakeError } from '#oci'
import type { Repository } from '#registry'
import { type Bytes, createHasher, decompress } from '#stream'
import { cleanPath, isOverlayWhiteout, parseWhiteout, readTar, type TarEntryType } from '#tar'

/** An entry of a layer. */
export interface LayerFile {
  /** Clean: without slashes at its ends; `''` for the root. */
  readonly path: string
  readonly type: TarEntryType
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly size: number
  readonly mtime: number
  /** The target of a link. */
  readonly target?: string | undefined
  /** Of the contents of a file. */
  readonly digest?: Digest | undefined
  /**
   * The file of a hard link, in a tree of merged layers. A higher layer that replaces one name of a
   * file leaves the others as they were.
   */
  readonly contents?: LayerFile | undefined
  readonly layer: Digest
  /** Position of its header in the uncompressed archive. */
  readonly offset: number
}

/** What a layer adds to the layers below it, and what it removes. */
export interface LayerFiles {
  readonly files: readonly LayerFile[]
  readonly removed: readonly string[]
  /** Directories whose contents in lower layers are gone. */
  readonly emptied: readonly string[]
}

/** The most of a layer that the server reads for a page. */
export interface LayerLimits {
  /** Bytes of a layer as stored. */
  readonly stored: number
  /** Uncompressed bytes. */
  readonly size: number
  /** Uncompressed bytes for each stored byte, once there are more than `ratioFrom`. */
  readonly ratio: number
  readonly ratioFrom: number
  readonly entries: number
  /** Characters of all paths and targets. */
  readonly text: number
}

export const layerLimits: LayerLimits = {
  stored: 4 * 2 ** 30,
  size: 8 * 2 ** 30,
  ratio: 200,
  ratioFrom: 64 * 2 ** 20,
  entries: 250_000,
  text: 32 * 2 ** 20,
}

/** Lists the entries of a layer. Throws `SIZE_INVALID` and `INVALID` for a layer beyond the limits. */
export async function readLayerFiles(
  repository: Repository,
  digest: Digest,
  options: { readonly signal: AbortSignal; readonly limits?: LayerLimits },
): Promise<LayerFiles> {
  const { signal, limits = layerLimits } = options
  const files: LayerFile[] = []
  const removed: string[] = []
  const emptied: string[] = []
  let text = 0
  const archive = await openArchive(repository, digest, { signal, limits })
  for await (const entry of readTar(archive, { entries: limits.entries })) {
    const path = cleanPath(entry.path)
    if (path === undefined) throw refuse(digest, 'a path leaves the root')
    text += path.length + entry.linkpath.length
    if (text > limits.text) throw refuse(digest, 'its paths are too long together')
    const whiteout = isOverlayWhiteout(entry) ? { kind: 'name' as const } : parseWhiteout(path)
    if (whiteout === 'invalid') throw refuse(digest, 'it has a file below a whiteout')
    const parent = path.slice(0, path.lastIndexOf('/') + 1)
    if (whiteout?.kind === 'opaque') emptied.push(parent.slice(0, -1))
    if (whiteout?.kind === 'name')
      removed.push('name' in whiteout ? `${parent}${whiteout.name}` : path)
    if (whiteout !== undefined) continue
    const { type, mode, uid, gid, size, mtime, linkpath } = entry
    files.push({
      path,
      type,
      mode,
      uid,
      gid,
      size,
      mtime,
      target: linkpath === '' ? undefined : linkpath,
      digest: type === 'file' ? await digestOf(entry.body) : undefined,
      layer: digest,
      offset: entry.headerOffset,
    })
  }
  return { files, removed, emptied }
}

/** Opens the uncompressed archive of a layer that the repository holds. */
export async function openArchive(
  repository: Repository,
  digest: Digest,
  { signal, limits = layerLimits }: { readonly signal: AbortSignal; readonly limits?: LayerLimits },
): Promise<Bytes> {
  const blob = await repository.resolveBlob(digest, signal)
  if (blob.size > limits.stored) throw refuse(digest, `it has more than ${limits.stored} bytes`)
  const { size, ratio, ratioFrom } = limits
  return decompress(repository.read(blob, { signal }), { size, ratio, ratioFrom })
}

async function digestOf(body: Bytes): Promise<Digest> {
  const hasher = createHasher()
  for await (const chunk of body) hasher.update(chunk)
  return hasher.digest()
}

function refuse(digest: Digest, reason: string): StrakeError {
  return new StrakeError('INVALID', `Cannot show the files of ${digest}: ${reason}`)
}
