import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { StrakeError } from '#oci'

/**
 * A secret that stands for its owner. `user` is a personal token and `robot` that of a program.
 * `refresh` is what a client keeps in place of the password, and `session` what a browser keeps. Its
 * text is in no record.
 */
export interface ApiToken {
  /** Public: it is in the text of the token, and names the token in commands. */
  readonly id: string
  readonly kind: 'user' | 'robot' | 'refresh' | 'session'
  /** The name of the user or the robot. */
  readonly owner: string
  readonly label: string
  /** SHA-256 of the secret, in hex. The secret is random, so it needs no slow hash. */
  readonly secretHash: string
  /** Limits such as `team/**:pull`. Without them, everything that the owner may do. */
  readonly scopes?: readonly string[] | undefined
  /** Milliseconds since 1970, here and below. */
  readonly createdAt: number
  readonly expiresAt?: number | undefined
  readonly usedAt?: number | undefined
  /** The mark of the owner's password when the token was made; the token ends with it. */
  readonly secretMark?: string | undefined
}

/** Where tokens are recorded. */
export interface TokenFacts extends AsyncDisposable {
  put(token: ApiToken): Promise<void>
  find(id: string): Promise<ApiToken | undefined>
  /** In the order of creation. */
  list(): AsyncIterable<ApiToken>
  /** Returns false when there is no such token. */
  remove(id: string): Promise<boolean>
  noteUse(id: string, usedAt: number): Promise<void>
}

/** Tokens of one owner and one of these kinds. Each login makes one, so the oldest are dropped. */
export const mostLogins = 100

/** Returns true for a kind of token that a login makes. */
export function isLoginKind(kind: ApiToken['kind']): boolean {
  return kind === 'refresh' || kind === 'session'
}

const prefix = 'strake_'

/** Returns true for a text that can only be a token of this kind. */
export function isApiToken(text: string): boolean {
  return text.startsWith(prefix)
}

/** Makes a token, and the text that its owner gets once. */
export function makeApiToken(facts: Omit<ApiToken, 'id' | 'secretHash'>): {
  readonly token: ApiToken
  readonly text: string
} {
  const id = randomBytes(8).toString('hex')
  const secret = randomBytes(facts.kind === 'session' ? 32 : 24).toString('base64url')
  return {
    token: { ...facts, id, secretHash: hashOf(secret).toString('hex') },
    text: `${prefix}${id}_${secret}`,
  }
}

/** Returns the token that a text proves, unless it has expired. */
export async function proveApiToken(
  facts: TokenFacts,
  text: string,
  now: number,
): Promise<ApiToken | undefined> {
  const match = /^strake_([0-9a-f]{16})_([A-Za-z0-9_-]{32}(?:[A-Za-z0-9_-]{11})?)$/.exec(text)
  const token = match === null ? undefined : await facts.find(match[1] ?? '')
  if (token === undefined) return undefined
  const given = hashOf(match?.[2] ?? '')
  const isRight = timingSafeEqual(given, Buffer.from(token.secretHash, 'hex'))
  return isRight && !isExpired(token, now) ? token : undefined
}

export function isExpired({ expiresAt }: ApiToken, now: number): boolean {
  return expiresAt !== undefined && expiresAt <= now
}

/** Returns true for a token of a user. A robot may have the name of a user. */
export function isTokenOf({ kind, owner }: ApiToken, user: string): boolean {
  return kind !== 'robot' && owner === user
}

/** Removes a token. Throws `NOT_FOUND`. */
export async function revokeApiToken(facts: TokenFacts | undefined, id: string): Promise<void> {
  if (await facts?.remove(id)) return
  throw new StrakeError('NOT_FOUND', `Cannot find the token ${JSON.stringify(id.slice(0, 80))}`, {
    remedy: 'list the tokens with strake registry token ls',
  })
}

function hashOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest()
}
