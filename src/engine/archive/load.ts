import { type Image, loadArchive } from '#image'
import {
  type Descriptor,
  type Digest,
  familiarReference,
  formatPlatform,
  isIndexType,
  isStrakeError,
  matchPlatform,
  type Platform,
  parsePlatform,
  parseReference,
  StrakeError,
} from '#oci'
import { hostPlatform } from '#platform'
import { type Bytes, type Emit, silent } from '#stream'
import { beginWork } from '../begin-work.ts'
import { publishIndex } from '../content/publish-index.ts'
import type { Engine } from '../engine.ts'
import { ensureUnpacked } from '../image/ensure-unpacked.ts'
import { targetOf } from '../image/find-target.ts'
import { openIndex, recordTarget } from '../image/record-index.ts'
import { findArchive, readArchive } from './archive-file.ts'

export interface LoadOptions {
  /** Default: standard input. */
  readonly file?: string | undefined
  /** The archive itself, in the place of a file. */
  readonly input?: Bytes | undefined
  /** Loads only these platforms of an index: `os/architecture[/variant]`. */
  readonly platforms?: readonly string[] | undefined
  readonly emit?: Emit | undefined
  readonly signal?: AbortSignal | undefined
}

/** One loaded image and its names. */
export interface Loaded {
  /** The image ID, or the digest of an index. */
  readonly imageId: Digest
  /** In familiar form: `app:1`. */
  readonly names: readonly string[]
  /** Names that pointed to another image before. */
  readonly moved: readonly { readonly name: string; readonly previous: string }[]
}

/** Loads all images of an archive, or none if one fails. Throws `INVALID` for a file that is not an archive. */
export async function load(engine: Engine, options: LoadOptions = {}): Promise<readonly Loaded[]> {
  const { file = '-', input, emit = silent, signal } = options
  await using lease = await beginWork(engine, `load ${file}`)
  const platforms = (options.platforms ?? []).map(parsePlatform)
  const found = await readImages(engine, file, { emit, input, platforms, signal })
  for (const { descriptor } of found) {
    const image = await imageToRun(engine, descriptor)
    if (!isIndexType(descriptor.mediaType)) requirePlatform(file, image?.config, platforms)
    if (image !== undefined) await ensureUnpacked(engine, image, { emit, lease, signal })
  }
  const loaded: Loaded[] = []
  for (const { descriptor, names } of found) {
    const moved = await recordTarget(engine, descriptor, { names, by: 'load' })
    loaded.push({
      imageId: targetOf(engine.records, descriptor.digest)?.id ?? descriptor.digest,
      names: names.map((name) => familiarReference(parseReference(name))),
      moved,
    })
  }
  await publishIndex(engine)
  return loaded
}

/** Refuses an image for none of the wanted platforms. An index was read for them only. */
function requirePlatform(
  file: string,
  own: Platform | undefined,
  platforms: readonly Platform[],
): void {
  if (own === undefined || platforms.length === 0) return
  if (platforms.map(formatPlatform).includes(formatPlatform(own))) return
  const wanted = platforms.map(formatPlatform).join(', ')
  const has = formatPlatform(own)
  throw new StrakeError(
    'NOT_FOUND',
    `Cannot load ${file} for ${wanted}: it has the image for ${has}`,
  )
}

/**
 * Returns the image that this machine can run; the file systems of other platforms are made
 * later.
 */
async function imageToRun(engine: Engine, descriptor: Descriptor): Promise<Image | undefined> {
  if (!isIndexType(descriptor.mediaType)) return await engine.openImage(descriptor)
  const { images } = await openIndex(engine, descriptor)
  const candidates = images.map((image) => ({ ...image.descriptor, platform: image.config }))
  const match = matchPlatform(hostPlatform(), candidates)
  return images.find((image) => image.descriptor.digest === match?.digest)
}

async function openFile(file: string, signal?: AbortSignal): Promise<Bytes | { path: string }> {
  const archive = await findArchive('load', file)
  return archive.isStream ? readArchive(archive, signal) : archive
}

/** Copies the content of the archive into the store and returns its images. Errors name the file. */
async function readImages(
  engine: Engine,
  file: string,
  options: {
    readonly emit: Emit
    readonly input: Bytes | undefined
    readonly platforms: readonly Platform[]
    readonly signal?: AbortSignal | undefined
  },
): ReturnType<typeof loadArchive> {
  const { input, ...rest } = options
  try {
    return await loadArchive(input ?? (await openFile(file, rest.signal)), engine.content, {
      temporaryDirectory: `${engine.root}/ingest`,
      ...rest,
    })
  } catch (cause) {
    if (!isStrakeError(cause, 'INVALID')) throw cause
    const name = file === '-' ? 'standard input' : file
    const reason = cause.message.replace(/^Cannot load the archive: /, '').replace(/^C/, 'c')
    throw new StrakeError('INVALID', `Cannot load ${name}: ${reason}`, {
      cause,
      remedy: cause.remedy ?? 'give an archive that docker save, podman save or strake save wrote',
    })
  }
}
