import { basename } from 'node:path'
import { httpServices, openDownload, redact } from '#build'
import { importTar } from '#image'
import { type Digest, isStrakeError, parseImageName, parsePlatform, StrakeError } from '#oci'
import { type Bytes, type Emit, silent } from '#stream'
import { findArchive, readArchive } from '../archive/archive-file.ts'
import { beginWork } from '../begin-work.ts'
import { publishIndex } from '../content/publish-index.ts'
import type { Engine } from '../engine.ts'
import { ensureUnpacked } from '../image/ensure-unpacked.ts'
import { recordImage } from '../image/record-image.ts'
import { applyChanges, refuseOtherChanges } from './config-changes.ts'

export interface ImportOptions {
  /** Made canonical. Default: the image has no name. */
  readonly name?: string | undefined
  /** Dockerfile instructions that change the configuration: `CMD ["sh"]`. */
  readonly changes?: readonly string[] | undefined
  readonly message?: string | undefined
  readonly platform?: string | undefined
  readonly emit?: Emit | undefined
  readonly signal?: AbortSignal | undefined
}

export interface Imported {
  readonly imageId: Digest
  readonly digest: Digest
}

/**
 * Makes an image with one layer of a tar archive: its bytes, or a path, a URL, or `-` for standard
 * input. Throws `INVALID` for a bad archive.
 */
export async function importImage(
  engine: Engine,
  source: Bytes | string,
  options: ImportOptions = {},
): Promise<Imported> {
  const { emit = silent, signal, message, platform } = options
  const name = options.name === undefined ? undefined : parseImageName(options.name)
  refuseOtherChanges(options.changes ?? [])
  const file = typeof source === 'string' ? source : '-'
  const archive = await openSource(source, { emit, signal })
  await using lease = await beginWork(engine, `import ${file}`)
  const imported = await importTar(archive, engine.content, {
    emit: nameTransfers(emit, file),
    message,
    platform: platform === undefined ? undefined : parsePlatform(platform),
    signal,
  })
  const image = await applyChanges(engine, imported, options.changes ?? [])
  await ensureUnpacked(engine, image, { emit, lease, signal })
  await recordImage(engine, image, { names: name === undefined ? [] : [name], by: 'import' })
  await publishIndex(engine)
  return { imageId: image.imageId, digest: image.descriptor.digest }
}

async function openSource(
  source: Bytes | string,
  { emit, signal }: { readonly emit: Emit; readonly signal: AbortSignal | undefined },
): Promise<Bytes> {
  if (typeof source !== 'string') return source
  if (isUrl(source)) return downloadArchive(source, { emit, signal })
  return readArchive(await findArchive('read', source), signal)
}

function isUrl(file: string): boolean {
  return /^https?:\/\//i.test(file)
}

/** Returns the body of a web server's answer. Throws `UNAVAILABLE`. */
async function* downloadArchive(
  url: string,
  { emit, signal }: { readonly emit: Emit; readonly signal: AbortSignal | undefined },
): Bytes {
  const rules = {
    from: 'any',
    isProved: false,
    signal: signal ?? new AbortController().signal,
  } as const
  try {
    const { body } = await openDownload(url, rules, httpServices())
    emit({ type: 'status', message: `Downloading from ${redact(new URL(url))}` })
    yield* body
  } catch (cause) {
    if (!isStrakeError(cause)) throw cause
    const message = cause.message.replace(/^Cannot add /, 'Cannot import ')
    throw new StrakeError(cause.code, message, { cause, remedy: cause.remedy })
  }
}

/** Names the file in progress events, because an unread archive has no digest. */
function nameTransfers(emit: Emit, file: string): Emit {
  const id = file === '-' ? 'standard input' : basename(file)
  return (event) => emit(event.type === 'transfer' ? { ...event, id } : event)
}
