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
import { temporaryName, writeFileDurable } from '#platform'
import { fs, hasCode, ignoreAbsent } from './file.ts'

/** Where a blob lies in an image layout. A `Digest` holds nothing that could leave `root`. */
export function blobPath(root: string, digest: Digest): string {
  return `${root}/blobs/${digestAlgorithm(digest)}/${digestHex(digest)}`
}

/** What a store has before its `oci-layout`, and a filesystem that was made for one. */
const begunNames =
  /^(?:blobs|ingest|trash|index\.json(?:\..+\.tmp)?|oci-layout\..+\.tmp|\..+\.tmp|lost\+found)$/

/**
 * Throws `CONFLICT` when a store is to be made among files of others. Another
 * process may be making it meanwhile: its own files are no reason.
 */
export async function requireRoom(root: string): Promise<void> {
  const names = await fs().readdir(root).catch(ignoreAbsent)
  if (names === undefined || names.includes('oci-layout')) return
  const other = names.find((name) => !begunNames.test(name))
  if (other === undefined) return
  const message = `Cannot make a store in ${root}: ${JSON.stringify(other)} is there`
  throw new StrakeError('CONFLICT', message, { remedy: 'choose a new or an empty directory' })
}

/**
 * Makes `root` an image layout that other tools can read, if it is none yet.
 *
 * @see https://github.com/opencontainers/image-spec/blob/v1.1.1/image-layout.md
 */
export async function createLayout(root: string): Promise<void> {
  await fs().mkdir(`${root}/blobs/sha256`, { recursive: true, mode: 0o700 })
  await createOnce(`${root}/index.json`, indexOf([]))
  await createOnce(`${root}/oci-layout`, encodeJson({ imageLayoutVersion: '1.0.0' }))
}

/**
 * Replaces `index.json`, what other tools find in the layout, durably. A name
 * goes into the annotation `org.opencontainers.image.ref.name`. Who calls this
 * from several processes keeps them in order.
 */
export async function writeIndex(root: string, manifests: readonly Descriptor[]): Promise<void> {
  await writeFileDurable(`${root}/index.json`, indexOf(manifests))
}

/** What `index.json` lists. Throws `MANIFEST_INVALID`. */
export async function readIndex(root: string): Promise<readonly Descriptor[]> {
  return parseIndex(await fs().readFile(`${root}/index.json`)).manifests
}

function indexOf(manifests: readonly Descriptor[]): Uint8Array {
  return encodeJson({ schemaVersion: 2, mediaType: mediaType.ociIndex, manifests })
}

/** Makes a file unless there is one: `link` leaves alone what another process made meanwhile. */
async function createOnce(path: string, content: Uint8Array): Promise<void> {
  if (
    await fs()
      .access(path)
      .then(
        () => true,
        () => false,
      )
  )
    return
  const temporary = `${path}.${temporaryName()}`
  await writeFileDurable(temporary, content)
  try {
    await fs().link(temporary, path)
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error
  } finally {
    await fs().unlink(temporary)
  }
}
