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
  const text = (await readFile(path, 'utf8').catch(ignoreAbsent)) ?? (await makeKey(path))
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
    throw new StrakeError('INVALID', `Cannot use ${path}: it is no private Ed25519 key as JWK`, {
      cause,
      remedy: 'remove the file, and the next start makes a new key',
    })
  }
}

async function makeKey(path: string): Promise<string> {
  const jose = await import('jose')
  const { privateKey } = await jose.generateKeyPair(signingAlgorithm, { extractable: true })
  const text = JSON.stringify(await jose.exportJWK(privateKey))
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
