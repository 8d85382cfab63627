import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { realpath, rename, rm, stat, writeFile } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { temporaryName, writeFileDurable } from '#platform'
import type { Bytes } from '#stream'

export interface WriteArchiveOptions {
  /** Standard output without it. */
  readonly file?: string
  readonly signal?: AbortSignal
}

/** More than one chunk: while one is written, the next is read and hashed. */
const chunks = { highWaterMark: 4 * 1024 * 1024 }

/** Writes a file that appears only when it is whole, or to standard output as it comes. */
export async function writeArchive(
  bytes: Bytes,
  { file, signal }: WriteArchiveOptions,
): Promise<void> {
  const signals = signal === undefined ? {} : { signal }
  const place = file === undefined ? { path: '/dev/stdout', isStream: true } : await findPlace(file)
  if (place.isStream) {
    await pipeline(bytes, createWriteStream(place.path, { ...chunks, flags: 'a' }), signals)
    return
  }
  const temporary = temporaryName(place.path)
  try {
    const stream = createWriteStream(temporary, { ...chunks, flags: 'wx' })
    // Bytes that fail at once would else be followed by a file that nobody removes.
    await once(stream, 'open')
    await pipeline(bytes, stream, signals)
    await rename(temporary, place.path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw nameFile(error, { temporary, file: file ?? place.path })
  }
}

/** Writes a short text, such as an ID, durably where that means something. */
export async function writeTextFile(file: string, text: string): Promise<void> {
  const { path, isStream } = await findPlace(file)
  if (isStream) await writeFile(path, text)
  else await writeFileDurable(path, Buffer.from(text), 0o644)
}

/** A rename would replace a device or pipe by a file, and a link by what it leads to. */
async function findPlace(file: string): Promise<{ readonly path: string; isStream: boolean }> {
  try {
    const isStream = !(await stat(file)).isFile()
    return { path: isStream ? file : await realpath(file), isStream }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return { path: file, isStream: false }
    throw error
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
