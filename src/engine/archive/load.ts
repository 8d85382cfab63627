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
  /** Standard input without it. */
  readonly file?: string | undefined
  readonly emit?: Emit | undefined
  readonly signal?: AbortSignal | undefined
}

/** One image of an archive, and what its names did. */
export interface Loaded {
  readonly imageId: Digest
  /** As people write them. */
  readonly names: readonly string[]
  /** Names that meant another image before. */
  readonly moved: readonly { readonly name: string; readonly previous: string }[]
}

/** Takes in the images of an archive, all or none. Throws `INVALID` for an archive that is none. */
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

/** The images of the archive, whose content is in the store then. What is wrong with it names it. */
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
