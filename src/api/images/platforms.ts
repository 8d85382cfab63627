import { formatPlatform, type Platform } from '#oci'
import type { ApiCall, ApiVersion } from '../call.ts'
import { ApiError } from '../failure.ts'

/**
 * Reads the parameter `platform` of the endpoints of an image: a platform of OCI in JSON. Returns it
 * in the form `os/architecture[/variant]`. Throws 400.
 */
export function readPlatform(text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  const refuse = (): ApiError =>
    new ApiError(400, `failed to parse platform: expected {"os":"…","architecture":"…"}`)
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch {
    throw refuse()
  }
  if (!isPlatform(document)) throw refuse()
  const { os, architecture, variant } = document
  return formatPlatform({ os, architecture, ...(variant === undefined ? {} : { variant }) })
}

/**
 * Reads a parameter that may be repeated. `undefined` without it, and in versions before `since`,
 * whose clients send it in other forms. Throws 400.
 */
export function readPlatforms(
  { query, version }: Pick<ApiCall, 'query' | 'version'>,
  name: 'platform' | 'platforms',
  since: ApiVersion,
): readonly string[] | undefined {
  const texts = version < since ? [] : query.texts(name).filter((text) => text !== '')
  const platforms = texts.flatMap((text) => readPlatform(text) ?? [])
  return platforms.length === 0 ? undefined : platforms
}

function isPlatform(value: unknown): value is Platform {
  if (typeof value !== 'object' || value === null) return false
  const { os, architecture, variant = '' } = value as Readonly<Record<string, unknown>>
  return [os, architecture, variant].every((part) => typeof part === 'string' && part.length < 64)
}
