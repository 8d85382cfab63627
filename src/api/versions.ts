import type { ApiVersion } from './call.ts'
import { ApiError } from './failure.ts'

/** The newest and the oldest version that the server speaks: `1.56` and `1.24`. */
export const newest: ApiVersion = 56
export const oldest: ApiVersion = 24

/** Formats a version as clients write it. */
export const versionText = (version: ApiVersion): string => `1.${version}`

/**
 * Splits the version off a path: `/v1.43/info` is `/info` in version 43. A path without a version
 * means the newest one. Throws 400 for a version that the server does not speak.
 */
export function splitVersion(path: string): {
  readonly version: ApiVersion
  readonly path: string
} {
  const [whole, major = '', minor = ''] = /^\/v(\d{1,3})\.(\d{1,3})(?=\/)/.exec(path) ?? []
  if (whole === undefined) return { version: newest, path }
  const version = Number(minor)
  const asked = `${Number(major)}.${version}`
  if (Number(major) > 1 || version > newest) {
    throw new ApiError(
      400,
      `client version ${asked} is too new. Maximum supported API version is ${versionText(newest)}`,
    )
  }
  if (Number(major) < 1 || version < oldest) {
    throw new ApiError(
      400,
      `client version ${asked} is too old. Minimum supported API version is ${versionText(oldest)}, please upgrade your client to a newer version`,
    )
  }
  return { version, path: path.slice(whole.length) }
}
