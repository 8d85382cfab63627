import { chmod, chown, realpath, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'
import { StrakeError } from '#oci'
import { isSystemError, openStreamFile, temporaryName, useStreamFile } from '#platform'
import { toBuffer } from '#stream'

/** The most bytes of a Dockerfile, as in a build. */
const maxSize = 10 * 1024 * 1024
const standardInput = 0

/** Reads a Dockerfile whole; `-` is standard input. Throws for a file that is not UTF-8. */
export async function readDockerfile(place: string, signal: AbortSignal): Promise<string> {
  if (place === '-') {
    return decode(await toBuffer(useStreamFile(standardInput, signal).read(), maxSize), place)
  }
  await requireFile(place)
  using file = await openStreamFile(place, 'r', signal)
  return decode(await toBuffer(file.read(), maxSize), place)
}

async function requireFile(path: string): Promise<void> {
  try {
    const status = await stat(path)
    if (status.isDirectory()) throw refuse('read', path, 'it is a directory', 'name the file in it')
    if (status.isFile() && status.size > maxSize) {
      throw refuse('read', path, 'it is larger than 10 MiB')
    }
  } catch (cause) {
    if (!isSystemError(cause, 'ENOENT', 'ENOTDIR')) throw cause
    throw new StrakeError('NOT_FOUND', `Cannot read ${path}: there is no such file`, {
      cause,
      remedy: 'name a Dockerfile, or - for standard input',
    })
  }
}

/** The names of a Dockerfile in its context, in the order of a build. */
const usualNames = ['Dockerfile', 'dockerfile', 'Containerfile']

/** Returns the path of the Dockerfile of a build. Throws `INVALID` for one that is not a local file. */
export async function findDockerfile(context: unknown, dockerfile: unknown): Promise<string> {
  const isUrl = (text: string): boolean => /^(?:[a-z]+:\/\/|git@)/i.test(text)
  if (typeof dockerfile === 'string' && !isUrl(dockerfile)) {
    if (typeof context === 'string' && !isUrl(context)) await refuseLinkOut(context, dockerfile)
    return dockerfile
  }
  if (typeof context !== 'string' || dockerfile !== undefined || isUrl(context)) {
    throw new StrakeError(
      'INVALID',
      'Cannot fix the Dockerfile: it is not a file of this machine',
      {
        remedy: 'name a directory with a Dockerfile, or a file with -f',
      },
    )
  }
  for (const name of usualNames) {
    const path = join(context, name)
    const found = await stat(path).catch(() => undefined)
    if (found?.isFile()) {
      await refuseLinkOut(context, path)
      return path
    }
  }
  return join(context, 'Dockerfile')
}

/** A link of the project must not make strake rewrite another file of the machine. */
async function refuseLinkOut(context: string, path: string): Promise<void> {
  const isIn = (root: string, file: string): boolean => !/^\.\.(?:\/|$)/.test(relative(root, file))
  if (!isIn(resolve(context), resolve(path))) return
  const place = await realpath(path).catch(() => undefined)
  const root = await realpath(context).catch(() => undefined)
  if (place === undefined || root === undefined || isIn(root, place)) return
  const reason = 'it is a link that leads out of the build context'
  throw refuse('fix', path, reason, 'replace the link by its target')
}

/** A decoder that repairs nothing, because a repaired file would be written with other bytes. */
function decode(bytes: Uint8Array, name: string): string {
  try {
    if (bytes.includes(0)) throw new TypeError('a NUL byte')
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause
    throw refuse('read', name, 'it is not text in UTF-8', undefined, cause)
  }
}

/**
 * Replaces the content of a file by one rename, so that no reader sees a part of it. Keeps mode
 * and owner. A link stays, and the file that it leads to is replaced.
 */
export async function replaceDockerfile(path: string, text: string): Promise<void> {
  const place = await realpath(path)
  const { mode, uid, gid } = await stat(place)
  const temporary = join(dirname(place), temporaryName('.strake-'))
  try {
    await writeFile(temporary, text, { flag: 'wx', mode: 0o600, flush: true })
    await chown(temporary, uid, gid).catch((error: unknown) => {
      // A user may not give files away. The file then belongs to the user.
      if (!isSystemError(error, 'EPERM')) throw error
    })
    await chmod(temporary, mode & 0o7777)
    await rename(temporary, place)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

function refuse(
  verb: string,
  path: string,
  reason: string,
  remedy?: string,
  cause?: unknown,
): StrakeError {
  return new StrakeError('INVALID', `Cannot ${verb} ${path}: ${reason}`, { remedy, cause })
}
