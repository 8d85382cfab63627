import { createReadStream } from 'node:fs'
import { basename } from 'node:path'
import { build } from '#build'
import { type Image, importTar } from '#image'
import { type Digest, formatReference, parsePlatform, parseReference, StrakeError } from '#oci'
import { type Emit, silent } from '#stream'
import { recordImage } from './add-image.ts'
import { buildServices } from './build.ts'
import { publishIndex } from './content-index.ts'
import type { Engine } from './engine.ts'
import { unpack } from './unpack.ts'

export interface ImportOptions {
  /** Canonicalised; the image has no name without it. */
  readonly name?: string
  /** Dockerfile instructions that change the configuration: `CMD ["sh"]`. */
  readonly changes?: readonly string[]
  readonly message?: string
  readonly platform?: string
  readonly emit?: Emit
  readonly signal?: AbortSignal
}

export interface Imported {
  readonly imageId: Digest
  readonly digest: Digest
}

/** Makes a one-layer image of the tar archive `file`; `-` is standard input. Throws `INVALID` for a bad archive. */
export async function importImage(
  engine: Engine,
  file: string,
  options: ImportOptions = {},
): Promise<Imported> {
  const { emit = silent, signal, message, platform } = options
  const name =
    options.name === undefined ? undefined : formatReference(parseReference(options.name))
  using _lease = engine.records.leases.acquire({ purpose: `import ${file}` })
  const imported = await importTar(readArchive(file), engine.content, {
    emit: nameTransfers(emit, file),
    ...(message === undefined ? {} : { message }),
    ...(platform === undefined ? {} : { platform: parsePlatform(platform) }),
    ...(signal === undefined ? {} : { signal }),
  })
  const image = await applyChanges(engine, imported, options.changes ?? [])
  await unpack(engine, image, { emit, ...(signal === undefined ? {} : { signal }) })
  recordImage(engine, image, name === undefined ? [] : [{ name, by: 'import' }])
  publishIndex(engine)
  return { imageId: image.imageId, digest: image.descriptor.digest }
}

/** What is read has no digest yet: progress tells the file instead. */
function nameTransfers(emit: Emit, file: string): Emit {
  const id = file === '-' ? 'standard input' : basename(file)
  return (event) => emit(event.type === 'transfer' ? { ...event, id } : event)
}

/** `--change` instructions are a Dockerfile on top of the image, so they mean what they mean there. */
async function applyChanges(
  engine: Engine,
  image: Image,
  changes: readonly string[],
): Promise<Image> {
  if (changes.length === 0) return image
  const created = Date.parse(image.config.created ?? '') / 1000
  const { descriptor, lease } = await build({
    services: { ...(await buildServices(engine)), resolveImage: async () => image },
    dockerfile: { text: ['FROM imported', ...changes, ''].join('\n') },
    epoch: Number.isNaN(created) ? 0 : created,
  })
  using _lease = lease
  return await engine.openImage(descriptor)
}

/** An archive on disk or on standard input, in large chunks. Throws `NOT_FOUND`, `INVALID`. */
export async function* readArchive(file: string): AsyncGenerator<Uint8Array> {
  try {
    yield* createReadStream(file === '-' ? '/dev/stdin' : file, { highWaterMark: 1024 * 1024 })
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    const reason = { ENOENT: 'there is no such file', EISDIR: 'it is a directory' }[code ?? '']
    if (reason === undefined) throw cause
    throw new StrakeError('NOT_FOUND', `Cannot read ${file}: ${reason}`, { cause })
  }
}
