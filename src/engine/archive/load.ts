import { loadArchive } from '#image'
import { type Digest, familiarReference, isStrakeError, parseReference, StrakeError } from '#oci'
import { type Emit, silent } from '#stream'
import { beginWork } from '../begin-work.ts'
import { publishIndex } from '../content/publish-index.ts'
import type { Engine } from '../engine.ts'
import { ensureUnpacked } from '../image/ensure-unpacked.ts'
import { recordImage } from '../image/record-image.ts'
import { findArchive, readArchive } from './archive-file.ts'

export interface LoadOptions {
  /** Default: standard input. */
  readonly file?: string | undefined
  readonly emit?: Emit | undefined
  readonly signal?: AbortSignal | undefined
}

/** One loaded image and its names. */
export interface Loaded {
  readonly imageId: Digest
  /** In familiar form: `app:1`. */
  readonly names: readonly string[]
  /** Names that pointed to another image before. */
  readonly moved: readonly { readonly name: string; readonly previous: string }[]
}

/** Loads all images of an archive, or none if one fails. Throws `INVALID` for a file that is not an archive. */
export async function load(engine: Engine, options: LoadOptions = {}): Promise<readonly Loaded[]> {
  const { file = '-', emit = silent, signal } = options
  await using lease = await beginWork(engine, `load ${file}`)
  const cancel = signal === undefined ? {} : { signal }
  const found = await readImages(engine, file, { emit, ...cancel })
  const images = []
  for (const { descriptor, names } of found) {
    const image = await engine.openImage(descriptor)
    await ensureUnpacked(engine, image, { emit, lease, ...cancel })
    images.push({ image, names })
  }
  const loaded: Loaded[] = []
  for (const { image, names } of images) {
    const moved = await recordImage(engine, image, { names, by: 'load' })
    loaded.push({
      imageId: image.imageId,
      names: names.map((name) => familiarReference(parseReference(name))),
      moved,
    })
  }
  await publishIndex(engine)
  return loaded
}

/** Copies the content of the archive into the store and returns its images. Errors name the file. */
async function readImages(
  engine: Engine,
  file: string,
  options: { readonly emit: Emit; readonly signal?: AbortSignal },
): ReturnType<typeof loadArchive> {
  const archive = await findArchive('load', file)
  const input = archive.isStream ? readArchive(archive, options.signal) : archive
  try {
    return await loadArchive(input, engine.content, {
      temporaryDirectory: `${engine.root}/ingest`,
      ...options,
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
