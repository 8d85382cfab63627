import {
  type Descriptor,
  type Digest,
  digestAlgorithm,
  digestHex,
  encodeJson,
  mediaType,
  parseIndex,
  StrakeError,
} from '#oci'
import {
  fsPromises,
  ignoreAbsent,
  readPlainBytes,
  readPlainFile,
  temporaryName,
  writeFileDurable,
} from '#platform'
import { hasCode } from './file.ts'

/**
 * Returns the path of a blob in an image layout. A `Digest` cannot contain a character that leaves
 * `root`.
 */
export function blobPath(root: string, digest: Digest): string {
  return `${root}/blobs/${digestAlgorithm(digest)}/${digestHex(digest)}`
}

/** The entries that may exist before a store's `oci-layout`, and in a new file system. */
const begunNames =
  /^(?:blobs|ingest|trash|index\.json(?:\..+\.tmp)?|oci-layout\..+\.tmp|\..+\.tmp|lost\+found|registry-auth)$/

/** The directories of a new store. */
const ownDirectories = ['blobs', 'ingest', 'trash']

/**
 * True when a store can be made in `root`, or when another process is making it. False
 * for a store that has lost its `oci-layout`; it works without it. Throws `CONFLICT`
 * when `root` has files of other programs.
 */
export async function hasRoom(root: string): Promise<boolean> {
  const names = await fsPromises().readdir(root).catch(ignoreAbsent)
  if (names === undefined || names.includes('oci-layout')) return true
  const other = names.find((name) => !begunNames.test(name))
  if (other === undefined) return true
  if (ownDirectories.every((name) => names.includes(name))) return false
  const message = `Cannot make a store in ${root}: ${JSON.stringify(other)} is there`
  throw new StrakeError('CONFLICT', message, { remedy: 'choose a new or an empty directory' })
}

/**
 * Makes `root` an image layout that other tools can read, unless it is one.
 *
 * @see https://github.com/opencontainers/image-spec/blob/v1.1.1/image-layout.md
 */
export async function createLayout(root: string): Promise<void> {
  await fsPromises().mkdir(`${root}/blobs/sha256`, { recursive: true, mode: 0o700 })
  await createOnce(`${root}/index.json`, indexOf([]))
  await createOnce(`${root}/oci-layout`, Buffer.from(layoutText))
}

/**
 * Replaces `index.json`, which other tools read, durably. A name is written to the annotation
 * `org.opencontainers.image.ref.name`. Callers in several processes must take turns.
 */
export async function writeIndex(root: string, manifests: readonly Descriptor[]): Promise<void> {
  await writeFileDurable(`${root}/index.json`, indexOf(manifests), 0o600)
}

/** Returns the list of `index.json`. Throws `MANIFEST_INVALID`. */
export async function readIndex(root: string): Promise<readonly Descriptor[]> {
  return parseIndex(readPlainBytes(`${root}/index.json`) ?? Buffer.from('')).manifests
}

/** Returns what is wrong with `oci-layout`, as a clause. */
export function layoutProblem(root: string): string | undefined {
  const text = readPlainFile(`${root}/oci-layout`, 4096)
  if (text === undefined) return 'it is missing or not a plain file'
  return text === layoutText ? undefined : 'it has other contents than the specification requires'
}

function indexOf(manifests: readonly Descriptor[]): Uint8Array {
  return encodeJson({ schemaVersion: 2, mediaType: mediaType.ociIndex, manifests })
}

const layoutText = '{"imageLayoutVersion":"1.0.0"}'

/**
 * Creates a file if absent. `link` never replaces a file that another process created in between.
 */
async function createOnce(path: string, content: Uint8Array): Promise<void> {
  if (
    await fsPromises()
      .access(path)
      .then(
        () => true,
        () => false,
      )
  )
    return
  const temporary = `${path}.${temporaryName()}`
  await writeFileDurable(temporary, content, 0o600)
  try {
    await fsPromises().link(temporary, path)
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error
  } finally {
    await fsPromises().unlink(temporary)
  }
}
