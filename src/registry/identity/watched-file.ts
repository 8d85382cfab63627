import { readFile, stat } from 'node:fs/promises'
import { elapsed } from '../elapsed.ts'

/** Milliseconds for which a file is believed to be unchanged. */
const believed = 1000

/** The most bytes of a file that is read whole. */
const mostBytes = 16 * 1024 * 1024

/** The parsed content of a file, which is read again when the file changes. */
export interface WatchedFile<T> {
  /** Returns the content; `parse` gets an empty text for an absent file. */
  read(): Promise<T>
}

/**
 * Keeps the parsed content of a file that others replace. The file is looked at when it is needed,
 * because notices of the kernel miss files that are replaced through links.
 */
export function watchFile<T>(
  path: string,
  parse: (text: string) => T,
  now: () => number = Date.now,
): WatchedFile<T> {
  let seen: { readonly version: string; readonly content: T } | undefined
  let lookedAt = Number.NEGATIVE_INFINITY
  let looking: Promise<T> | undefined
  const look = async (): Promise<T> => {
    const version = await versionOf(path)
    if (seen?.version !== version) {
      seen = { version, content: parse(version === '' ? '' : await readFile(path, 'utf8')) }
    }
    lookedAt = now()
    return seen.content
  }
  return {
    read() {
      if (seen !== undefined && elapsed(now(), lookedAt) < believed)
        return Promise.resolve(seen.content)
      looking ??= look().finally(() => {
        looking = undefined
      })
      return looking
    },
  }
}

/** Returns a text that changes with the file; empty for an absent file. */
export async function versionOf(path: string): Promise<string> {
  const found = await stat(path, { bigint: true }).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  })
  if (found === undefined) return ''
  if (!found.isFile() || found.size > mostBytes) throw new Error(`${path} is no small file`)
  return [found.dev, found.ino, found.size, found.mtimeNs, found.ctimeNs].join(':')
}
