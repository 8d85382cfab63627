import { link, mkdir, readFile, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { CryptoKey, JWK } from 'jose'
import { StrakeError } from '#oci'
import { ignoreAbsent, temporaryName, writeFileDurable } from '#platform'

/** The key that signs access tokens, and its ID in them. */
export interface SigningKey {
  readonly id: string
  readonly sign: CryptoKey
  readonly verify: CryptoKey
}

/** The only algorithm of our own tokens: no token can choose another. */
export const signingAlgorithm = 'EdDSA'

/**
 * Reads the key, or makes it at the first start. Replicas share one file: if two make it at the same
 * time, both use the one that came first.
 */
export async function openSigningKey(path: string): Promise<SigningKey> {
  const text = (await readFile(path, 'utf8').catch(ignoreAbsent)) ?? (await makeKeyFile(path))
  return await importSigningKey(text, path)
}

/** Reads a private key as JWK. `place` says in an error where it is. Throws `INVALID`. */
export async function importSigningKey(text: string, place: string): Promise<SigningKey> {
  const jose = await import('jose')
  try {
    const jwk = JSON.parse(text) as JWK
    const { d: _, ...open } = jwk
    if (jwk.kty !== 'OKP' || jwk.crv !== 'Ed25519') throw new TypeError('not an Ed25519 key')
    return {
      id: await jose.calculateJwkThumbprint(open),
      sign: (await jose.importJWK(jwk, signingAlgorithm)) as CryptoKey,
      verify: (await jose.importJWK(open, signingAlgorithm)) as CryptoKey,
    }
  } catch (cause) {
    throw new StrakeError('INVALID', `Cannot use ${place}: it is no private Ed25519 key as JWK`, {
      cause,
      remedy: 'remove it, and the next start makes a new key',
    })
  }
}

/** Makes a private key, as JWK in JSON. */
export async function makeSigningKey(): Promise<{ readonly id: string; readonly jwk: string }> {
  const jose = await import('jose')
  const { privateKey } = await jose.generateKeyPair(signingAlgorithm, { extractable: true })
  const { d, ...open } = await jose.exportJWK(privateKey)
  return { id: await jose.calculateJwkThumbprint(open), jwk: JSON.stringify({ ...open, d }) }
}

async function makeKeyFile(path: string): Promise<string> {
  const { jwk: text } = await makeSigningKey()
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const temporary = `${dirname(path)}/${temporaryName('.key-')}`
  await writeFileDurable(temporary, text, 0o600)
  try {
    await link(temporary, path)
    return text
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    return await readFile(path, 'utf8')
  } finally {
    await rm(temporary, { force: true })
  }
}
