import { createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { saveImages } from '#image'
import { parseReference } from '#oci'
import { temporaryName } from '#platform'
import type { Bytes, Emit } from '#stream'
import type { Engine } from './engine.ts'
import { getImage, isDigestName } from './find-image.ts'

export interface SaveOptions {
  /** Standard output without it. Appears only when it is whole. */
  readonly file?: string
  readonly emit?: Emit
  readonly signal?: AbortSignal
}

/**
 * Writes images into one archive that docker, podman and skopeo read. An image
 * named by ID carries all its names. The same images give the same bytes.
 */
export async function save(
  engine: Engine,
  texts: readonly string[],
  options: SaveOptions = {},
): Promise<void> {
  const images = []
  for (const text of texts) {
    const { image, name } = getImage(engine.records, text)
    const names =
      name === undefined
        ? engine.records.tags.namesOf(image.digest).filter((one) => !isDigestName(one))
        : [name]
    images.push({ image: await engine.openImage(image), names: names.map(parseReference) })
  }
  using _lease = engine.records.leases.acquire({ purpose: 'save' })
  await writeArchive(saveImages(engine.content, images), options)
}

/** To the file by a rename in the end, or to standard output. */
export async function writeArchive(
  bytes: Bytes,
  { file, signal }: Pick<SaveOptions, 'file' | 'signal'>,
): Promise<void> {
  const options = { highWaterMark: 1024 * 1024 }
  const signals = signal === undefined ? {} : { signal }
  if (file === undefined) {
    await pipeline(bytes, createWriteStream('/dev/stdout', { ...options, flags: 'a' }), signals)
    return
  }
  const temporary = temporaryName(file)
  try {
    await pipeline(bytes, createWriteStream(temporary, { ...options, flags: 'wx' }), signals)
    await rename(temporary, file)
  } catch (error) {
    await rm(temporary, { force: true })
    throw nameFile(error, { temporary, file })
  }
}

/** People asked for `file`; that another name is written first is none of their business. */
function nameFile(
  error: unknown,
  { temporary, file }: { readonly temporary: string; readonly file: string },
): unknown {
  if (!(error instanceof Error) || !('path' in error) || error.path !== temporary) return error
  const code = 'code' in error ? error.code : undefined
  return Object.assign(new Error(error.message, { cause: error }), { code, path: file })
}
