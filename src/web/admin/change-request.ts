import { contentType } from '#http'
import { StrakeError } from '#oci'
import type { PruneLimits } from '#registry/admin/admin'
import { toBuffer } from '#stream'
import type { Forms } from '../form.ts'

/** What a form or a document wants to be done with tokens. */
export type TokenRequest =
  | { readonly kind: 'revoke'; readonly id: string }
  | {
      readonly kind: 'make'
      readonly robot: string | undefined
      readonly label: string
      readonly scopes: readonly string[] | undefined
      /** Milliseconds. */
      readonly lifetime: number | undefined
    }

const day = 86_400_000
const mostBytes = 16 * 1024

/**
 * Reads a form of a page, or JSON: `{"revoke": ID}` or `{"label", "robot", "scopes": [], "days"}`.
 * Throws `DENIED` for a form of another site, and `INVALID`.
 */
export async function readTokenRequest(
  request: Request,
  isData: boolean,
  forms: Forms,
): Promise<TokenRequest> {
  if (request.method !== 'POST') {
    throw new StrakeError('UNSUPPORTED', 'Cannot change tokens: send POST')
  }
  return isData ? parseDocument(await readJson(request)) : await parseForm(request, forms)
}

/** Throws `DENIED` for a form that did not come from a page of this server. */
export async function readOwnForm(
  request: Request,
  forms: Forms,
  failure = 'Cannot change this',
): Promise<URLSearchParams> {
  const fields = await forms.read(request)
  if (fields !== undefined) return fields
  throw new StrakeError(
    'DENIED',
    `${failure}: the form did not come from a page of this server; open the page again`,
  )
}

async function parseForm(request: Request, forms: Forms): Promise<TokenRequest> {
  const fields = await readOwnForm(request, forms)
  const id = fields.get('revoke')
  if (id !== null) return { kind: 'revoke', id }
  const get = (name: string): string | undefined => fields.get(name)?.trim() || undefined
  const scopes = get('scopes')?.split(/\s+/)
  return {
    kind: 'make',
    robot: get('robot'),
    label: get('label') ?? '',
    scopes,
    lifetime: timeOf(get('days')),
  }
}

/** Only a script of this server's own page, or a program, can send this media type. */
function isJson(request: Request): boolean {
  return contentType(request) === 'application/json'
}

async function readJson(request: Request): Promise<Readonly<Record<string, unknown>>> {
  if (!isJson(request) || request.body === null) {
    throw new StrakeError('INVALID', 'Cannot change this: send JSON')
  }
  const bytes = await toBuffer(request.body, mostBytes, 'the document')
  let value: unknown
  try {
    value = JSON.parse(Buffer.from(bytes).toString('utf8'))
  } catch (cause) {
    throw new StrakeError('INVALID', 'Cannot change this: the document is no JSON', { cause })
  }
  if (typeof value === 'object' && value !== null) return value as Record<string, unknown>
  throw new StrakeError('INVALID', 'Cannot change this: the document is no object')
}

/**
 * Reads what may stay in caches: a form with `days`, or JSON with `days` or `keep` in bytes. Throws
 * `DENIED` for a form of another site, and `INVALID`.
 */
export async function readPruneRequest(
  request: Request,
  isData: boolean,
  forms: Forms,
): Promise<PruneLimits> {
  if (request.method !== 'POST') {
    throw new StrakeError('UNSUPPORTED', 'Cannot change caches: send POST')
  }
  if (!isData) return { unusedFor: timeOf((await readOwnForm(request, forms)).get('days') ?? '') }
  const { days, keep } = await readJson(request)
  const isSize = Number.isSafeInteger(keep) && Number(keep) >= 0
  if (isSize && days === undefined) return { keep: Number(keep) }
  if (keep !== undefined || days === undefined) {
    throw new StrakeError('INVALID', 'Cannot change caches: expected either days or keep in bytes')
  }
  return { unusedFor: timeOf(String(days)) }
}

/** Throws `DENIED` for a form of another site that starts a collection, and `INVALID` for other data. */
export async function checkStartRequest(
  request: Request,
  isData: boolean,
  forms: Forms,
): Promise<void> {
  const failure = 'Cannot start a collection'
  if (!isData) await readOwnForm(request, forms, failure)
  else if (!isJson(request)) throw new StrakeError('INVALID', `${failure}: send JSON`)
}

function parseDocument(value: Readonly<Record<string, unknown>>): TokenRequest {
  const { revoke, label = '', robot, scopes, days } = value
  if (typeof revoke === 'string') return { kind: 'revoke', id: revoke }
  const isList = Array.isArray(scopes) && scopes.every((each) => typeof each === 'string')
  const isRight =
    typeof label === 'string' &&
    (robot === undefined || typeof robot === 'string') &&
    (scopes === undefined || isList) &&
    (days === undefined || typeof days === 'number')
  if (!isRight) {
    throw new StrakeError(
      'INVALID',
      'Cannot make a token: expected label and robot as texts, scopes as a list and days as a number',
    )
  }
  return {
    kind: 'make',
    robot,
    label,
    scopes: isList ? scopes : undefined,
    lifetime: timeOf(days === undefined ? undefined : String(days)),
  }
}

/** Returns milliseconds. Throws `INVALID` for a text that is no number of days. */
function timeOf(days: string | undefined): number | undefined {
  if (days === undefined) return undefined
  if (/^\d{1,4}$/.test(days)) return Number(days) * day
  throw new StrakeError('INVALID', 'Cannot do this: expected a whole number of days')
}
