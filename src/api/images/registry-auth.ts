import { member } from '#docker/bodies/fields'
import type { Engine } from '#engine/engine'
import { withCredentials } from '#engine/registry/with-credentials'
import { parseReference } from '#oci'
import type { ApiCall } from '../call.ts'
import { ApiError } from '../failure.ts'

/** The largest header, in bytes. Tokens of cloud registries have some thousand. */
const largest = 64 * 1024

/**
 * Returns an engine with the credentials of the header `X-Registry-Auth`, which is JSON in base64
 * for URLs. They are for the registry of `reference` alone. Throws 400.
 */
export function engineFor({ engine, request }: ApiCall, reference: string): Engine {
  const header = request.headers.get('X-Registry-Auth') ?? ''
  const { registry } = parseReference(reference)
  if (header === '') return withCredentials(engine, registry, undefined)
  const fields = decode(header)
  const username = member(fields, 'username', 'string') ?? ''
  const password = member(fields, 'password', 'string') ?? ''
  const identityToken = member(fields, 'identitytoken', 'string') || undefined
  const isGiven = username !== '' || identityToken !== undefined
  return withCredentials(
    engine,
    registry,
    isGiven ? { username, password, identityToken } : undefined,
  )
}

function decode(header: string): Readonly<Record<string, unknown>> {
  const refuse = (): ApiError => new ApiError(400, 'invalid X-Registry-Auth header')
  if (header.length > largest) throw refuse()
  try {
    const document: unknown = JSON.parse(Buffer.from(header, 'base64url').toString('utf8'))
    if (typeof document !== 'object' || document === null || Array.isArray(document)) throw refuse()
    return document as Readonly<Record<string, unknown>>
  } catch {
    throw refuse()
  }
}
