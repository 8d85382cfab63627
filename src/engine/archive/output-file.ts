import { realpath, rename, rm, stat, writeFile } from 'node:fs/promises'
import {
  openStreamFile,
  type StreamFile,
  temporaryName,
  useStreamFile,
  writeFileDurable,
} from '#platform'
import { type Bytes, keepChunks } from '#stream'

export interface WriteArchiveOptions {
  /** Default: standard output. */
  readonly file?: string | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Writes `bytes` to standard output, or to a file that appears only when it is complete.
 * Aborting `signal` ends it, also when the reader of a pipe has stopped reading.
 */
export async function writeArchive(
  bytes: Bytes,
  { file, signal }: WriteArchiveOptions,
): Promise<void> {
  if (file === undefined) return await pass(bytes, useStreamFile(standardOutput, signal), signal)
  const place = await findPlace(file)
  if (place.isStream) {
    using output = await openStreamFile(place.path, 'a', signal)
    return await pass(bytes, output, signal)
  }
  const temporary = temporaryName(place.path)
  try {
    using output = await openStreamFile(temporary, 'wx')
    await pass(bytes, output, signal)
    await rename(temporary, place.path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw nameFile(error, { temporary, file })
  }
}

const standardOutput = 1

/** Writes one chunk while the next is read and hashed. So each chunk is copied. */
async function pass(bytes: Bytes, output: StreamFile, signal?: AbortSignal): Promise<void> {
  let writing = Promise.resolve()
  try {
    for await (const chunk of keepChunks(bytes)) {
      signal?.throwIfAborted()
      await writing
      writing = output.write(chunk)
      writing.catch(() => {})
    }
  } catch (error) {
    await writing.catch(() => {})
    throw error
  }
  await writing
}

/** Writes a short text, such as an ID: durably to a file, directly to a pipe or device. */
export async function writeTextFile(file: string, text: string): Promise<void> {
  const { path, isStream } = await findPlace(file)
  if (isStream) await writeFile(path, text)
  else await writeFileDurable(path, Buffer.from(text), 0o644)
}

/** Resolves links and detects devices and pipes, because a rename would replace them by a file. */
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

/** Replaces the temporary path in an error by `file`, the path that the caller knows. */
function nameFile(
  error: unknown,
  { temporary, file }: { readonly temporary: string; readonly file: string },
): unknown {
  if (!(error instanceof Error) || !('path' in error) || error.path !== temporary) return error
  const code = 'code' in error ? error.code : undefined
  return Object.assign(new Error(error.message, { cause: error }), { code, path: file })
}
