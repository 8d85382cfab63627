import { createPrivateKey, X509Certificate } from 'node:crypto'
import { channel } from 'node:diagnostics_channel'
import { readFile } from 'node:fs/promises'
import { StrakeError } from '#oci'
import type { ServerKeys } from '#platform/secure/keys'
import type { TlsConfig } from '#registry/config/config'
import { versionOf } from '#registry/identity/watched-file'
import { repeat } from '#registry/repeat'

const failures = channel('registry:tls-failure')

/** Milliseconds between two looks at the files. */
const interval = 2000

/** Reads the files of a certificate, and proves that they belong together. Throws `INVALID`. */
export async function readServerKeys(config: TlsConfig): Promise<ServerKeys> {
  const { cert, key, clientCa, clientAuth } = config
  const [certificate, secret] = [await readPem(cert), await readPem(key)]
  requirePair(cert, key, { certificate, secret })
  if (clientCa === undefined) return { certificate, key: secret }
  const clientAuthority = await readPem(clientCa)
  parseCertificate(clientCa, clientAuthority)
  const isClientOptional = clientAuth === 'optional'
  return { certificate, key: secret, clientAuthority, isClientOptional }
}

async function readPem(path: string): Promise<string> {
  return await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new StrakeError('INVALID', `Cannot read ${path}: ${cause.code}`, { cause })
  })
}

function parseCertificate(path: string, text: string): X509Certificate {
  try {
    return new X509Certificate(text)
  } catch (cause) {
    throw new StrakeError('INVALID', `Cannot use ${path}: it is no certificate in PEM`, { cause })
  }
}

function requirePair(
  cert: string,
  key: string,
  texts: { readonly certificate: string; readonly secret: string },
): void {
  const certificate = parseCertificate(cert, texts.certificate)
  let isPair: boolean
  try {
    isPair = certificate.checkPrivateKey(createPrivateKey(texts.secret))
  } catch (cause) {
    throw new StrakeError('INVALID', `Cannot use ${key}: it is no private key in PEM`, { cause })
  }
  if (isPair) return
  throw new StrakeError('INVALID', `Cannot use ${key}: it is not the key of ${cert}`, {
    remedy: 'name the key that the certificate was made for',
  })
}

/**
 * Calls `renew` with new keys when a file changes. Files that do not belong together, as in the
 * middle of a change, are left alone until they do: the server keeps its keys.
 */
export function watchServerKeys(
  config: TlsConfig,
  renew: (keys: ServerKeys) => void,
): AsyncDisposable {
  let seen: string | undefined
  const look = async (): Promise<void> => {
    const versions = await versionsOf(config)
    if (seen !== undefined && versions !== seen) renew(await readServerKeys(config))
    seen = versions
  }
  const looks = repeat(look, { interval, onError: (error) => failures.publish({ error }) })
  looks.start()
  return looks
}

async function versionsOf({ cert, key, clientCa }: TlsConfig): Promise<string> {
  const paths = clientCa === undefined ? [cert, key] : [cert, key, clientCa]
  return (await Promise.all(paths.map(versionOf))).join(' ')
}
