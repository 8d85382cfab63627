import { isStrakeError, StrakeError } from '#oci'
import type { Glob } from '../policy/glob.ts'
import type { Registry } from '../registry.ts'

/** A registry whose content is cached. */
export interface Upstream {
  /** The first part of the names under which it is served, such as `docker.io`. */
  readonly prefix: string
  /** A client, whose credentials stay in this process. */
  readonly registry: Registry
  /** Milliseconds for which a tag is believed. */
  readonly ttl: number
  /** Put before each name that is asked of it, such as `library`. */
  readonly path?: string | undefined
  /** Serves only repositories that one of them matches, by the name without the prefix. */
  readonly repositories?: readonly Glob[] | undefined
  readonly tags?: readonly Glob[] | undefined
  /** Larger blobs are passed on and not kept. */
  readonly maxBlobSize?: number | undefined
}

/** Returns the full name of a repository below the prefix, of which an official image has two. */
export function canonicalName({ prefix }: Upstream, rest: string): string {
  return prefix === 'docker.io' && !rest.includes('/') ? `library/${rest}` : rest
}

/** Returns the name that a repository has on the upstream. */
export function remoteName({ path }: Upstream, rest: string): string {
  return path === undefined ? rest : `${path}/${rest}`
}

/** Throws `NAME_UNKNOWN` for a repository that the settings leave out. */
export function checkServed({ prefix, repositories }: Upstream, rest: string): void {
  if (repositories === undefined || repositories.some((each) => each.test(rest))) return
  const message = `Cannot serve ${prefix}/${rest}: this registry does not cache it`
  throw new StrakeError('NAME_UNKNOWN', message)
}

/** Returns true when the upstream has said that it does not have something. */
export function isUnknown(error: unknown): boolean {
  return isStrakeError(error, 'NAME_UNKNOWN', 'MANIFEST_UNKNOWN', 'BLOB_UNKNOWN', 'NOT_FOUND')
}

/**
 * Returns the error for a client of the cache. Wrong content of the upstream is no fault of the request,
 * and no damage here.
 */
export function translated(error: unknown, { prefix }: Upstream): unknown {
  if (!isStrakeError(error, 'DIGEST_INVALID', 'SIZE_INVALID', 'MANIFEST_INVALID')) return error
  const message = `Cannot fetch from ${prefix}: its answer is not what was asked for: ${error.message}`
  return new StrakeError('UNAVAILABLE', message, { cause: error })
}

/** Returns `undefined` for what is unknown. */
export async function unlessUnknown<T>(found: Promise<T>): Promise<T | undefined> {
  try {
    return await found
  } catch (error) {
    if (isUnknown(error)) return undefined
    throw error
  }
}
