import { type Fields, member, object } from '#docker/bodies/fields'
import type { Engine } from '#engine/engine'
import { type GivenCredentials, withCredentials } from '#engine/registry/with-credentials'
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
  const given = header === '' ? undefined : credentialsOf(decode(header, 'X-Registry-Auth'))
  return withCredentials(engine, (host) => (host === registry ? given : undefined))
}

/** Returns an engine with the credentials of `X-Registry-Config`, which has them by host. Throws 400. */
export function engineWithConfig({ engine, request }: ApiCall): Engine {
  const header = request.headers.get('X-Registry-Config') ?? ''
  const document = header === '' ? {} : decode(header, 'X-Registry-Config')
  const known = new Map(
    Object.keys(document).map((key) => [hostOf(key), credentialsOf(object(document, key) ?? {})]),
  )
  return withCredentials(engine, (host) => known.get(host))
}

/** Keys are hosts, or URLs as Docker Hub's `https://index.docker.io/v1/`. */
function hostOf(key: string): string {
  const host = key.replace(/^https?:\/\//, '').replace(/\/.*$/, '')
  return host === 'index.docker.io' ? 'docker.io' : host
}

function credentialsOf(fields: Fields): GivenCredentials | undefined {
  const username = member(fields, 'username', 'string') ?? ''
  const password = member(fields, 'password', 'string') ?? ''
  const identityToken = member(fields, 'identitytoken', 'string') || undefined
  if (username === '' && identityToken === undefined) return undefined
  return { username, password, identityToken }
}

function decode(header: string, name: string): Fields {
  const refuse = (): ApiError => new ApiError(400, `invalid ${name} header`)
  if (header.length > largest) throw refuse()
  try {
    const document: unknown = JSON.parse(Buffer.from(header, 'base64url').toString('utf8'))
    if (typeof document !== 'object' || document === null || Array.isArray(document)) throw refuse()
    return document as Fields
  } catch {
    throw refuse()
  }
}
