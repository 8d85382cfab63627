import { StrakeError } from '#oci'
import type { OidcConfig } from '../../config/config.ts'
import { hasClaims } from '../../policy/decide.ts'
import type { Identity } from '../../policy/identity.ts'
import type { TokenIssuer } from '../authenticator.ts'
import { KeySet, type KeySetOptions } from './key-set.ts'

/** Signatures with a public key. With a shared secret, the server could sign as the issuer. */
const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'EdDSA']

/** A longer text is no token. */
const longest = 8 * 1024

/** Seconds by which the clocks of issuer and server may differ. */
const clockTolerance = 60

/** Accepts the tokens of an OpenID Connect issuer, such as those that CI services give to jobs. */
export function createOidcIssuer(
  config: OidcConfig,
  options: Omit<KeySetOptions, 'issuer'>,
): TokenIssuer {
  const keys = new KeySet({ ...options, issuer: config.issuer })
  return {
    isNamedBy: (token) => issuerIn(token) === config.issuer,
    async prove(token) {
      const claims = await verify(token, { config, keys, now: options.now })
      if (claims !== undefined && hasClaims({ claims }, config.require ?? {})) {
        return identityOf(config, claims)
      }
      const reason = claims === undefined ? 'it is not valid' : 'it lacks a claim that is required'
      throw new StrakeError('UNAUTHORIZED', `Cannot accept the token of ${config.name}: ${reason}`)
    },
  }
}

type Claims = Readonly<Record<string, unknown>>

async function verify(
  token: string,
  {
    config,
    keys,
    now,
  }: { readonly config: OidcConfig; readonly keys: KeySet; readonly now: () => number },
): Promise<Claims | undefined> {
  if (token.length > longest) return undefined
  const { createLocalJWKSet, decodeProtectedHeader, jwtVerify } = await import('jose')
  let keyId: string | undefined
  try {
    keyId = decodeProtectedHeader(token).kid
  } catch {
    return undefined
  }
  const known = await keys.read(keyId)
  try {
    // The keys are those of the issuer: a key in the header of the token is ignored.
    const { payload } = await jwtVerify(token, createLocalJWKSet(known), {
      algorithms,
      clockTolerance,
      issuer: config.issuer,
      audience: config.audience,
      requiredClaims: ['exp', 'sub'],
      currentDate: new Date(now()),
    })
    return payload
  } catch {
    return undefined
  }
}

function identityOf({ name, groups }: OidcConfig, claims: Claims): Identity {
  const value = groups === undefined ? [] : claims[groups]
  return {
    kind: 'workload',
    name: `${name}/${String(claims['sub']).slice(0, 256)}`,
    groups: [value].flat().filter((each) => typeof each === 'string'),
    issuer: name,
    claims,
  }
}

/** Returns the issuer that a token names, which proves nothing. */
function issuerIn(token: string): string | undefined {
  if (token.length > longest) return undefined
  try {
    const [, payload = ''] = token.split('.')
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as {
      iss?: unknown
    }
    return typeof claims?.iss === 'string' ? claims.iss : undefined
  } catch {
    return undefined
  }
}
