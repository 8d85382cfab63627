import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import { ipBytes, ipVersion } from '#platform'
import {
  bits,
  boolean,
  identifier,
  integer,
  octets,
  sequence,
  set,
  tagged,
  text,
  time,
} from './der.ts'

/** A private key and its certificate, as PEM. */
export interface Identity {
  readonly key: string
  readonly cert: string
}

/** An authority whose keys exist only in this process. */
export interface Authority {
  /** The certificate of the authority, as PEM. */
  readonly cert: string
  /** Makes the identity of a server, once for each host name or address. */
  issue(host: string): Identity
}

const oid = {
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  commonName: '2.5.4.3',
  subjectKey: '2.5.29.14',
  keyUsage: '2.5.29.15',
  alternativeName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  authorityKey: '2.5.29.35',
  extendedUsage: '2.5.29.37',
  serverAuth: '1.3.6.1.5.5.7.3.1',
}

const day = 86_400_000

/** The most hosts of one authority. A command that asks for more gets no connection. */
const mostHosts = 4096

/** Makes an authority with P-256 keys. Its certificates are valid for two days. */
export function createAuthority(): Authority {
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const name = nameOf('strake build proxy')
  const id = keyId(keys.publicKey)
  const root = { privateKey: keys.privateKey, name, id }
  const issued = new Map<string, Identity>()
  return {
    cert: certificate(root, keys.publicKey, name, [
      extension(oid.basicConstraints, sequence(boolean(true)), true),
      // The certificate may sign certificates and nothing else.
      extension(oid.keyUsage, bits(Buffer.from([0x04]), 2), true),
    ]),
    issue(host) {
      const known = issued.get(host)
      if (known !== undefined) return known
      if (issued.size >= mostHosts) throw new RangeError(`More than ${mostHosts} hosts`)
      const own = generateKeyPairSync('ec', { namedCurve: 'P-256' })
      const subject = nameOf(host.slice(0, 64))
      const cert = certificate(root, own.publicKey, subject, [
        extension(oid.basicConstraints, sequence(), true),
        extension(oid.keyUsage, bits(Buffer.from([0x80]), 7), true),
        extension(oid.extendedUsage, sequence(identifier(oid.serverAuth))),
        extension(oid.alternativeName, sequence(alternativeName(host))),
      ])
      const key = own.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
      const identity = { key, cert }
      issued.set(host, identity)
      return identity
    },
  }
}

interface Issuer {
  readonly privateKey: KeyObject
  readonly name: Buffer
  readonly id: Buffer
}

function certificate(
  issuer: Issuer,
  publicKey: KeyObject,
  subject: Buffer,
  extensions: readonly Buffer[],
): string {
  const algorithm = sequence(identifier(oid.ecdsaWithSha256))
  const now = Date.now()
  const body = sequence(
    // The third version of the format is the number 2.
    tagged(0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([1]), randomBytes(15)])),
    algorithm,
    issuer.name,
    // Clocks of the container and of this process are the same, but not to the second.
    sequence(time(new Date(now - day)), time(new Date(now + day))),
    subject,
    publicKey.export({ type: 'spki', format: 'der' }),
    tagged(
      3,
      sequence(
        ...extensions,
        extension(oid.subjectKey, octets(keyId(publicKey))),
        extension(oid.authorityKey, sequence(tagged(0, issuer.id, false))),
      ),
    ),
  )
  const signature = sign('sha256', body, issuer.privateKey)
  const der = sequence(body, algorithm, bits(signature)).toString('base64')
  const lines = der.match(/.{1,64}/g) ?? []
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
}

function nameOf(common: string): Buffer {
  return sequence(set(sequence(identifier(oid.commonName), text(common))))
}

function keyId(publicKey: KeyObject): Buffer {
  return createHash('sha1')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest()
}

function extension(id: string, value: Uint8Array, isCritical = false): Buffer {
  return sequence(identifier(id), ...(isCritical ? [boolean(true)] : []), octets(value))
}

function alternativeName(host: string): Buffer {
  return ipVersion(host) === 0
    ? tagged(2, Buffer.from(host), false)
    : tagged(7, Buffer.from(ipBytes(host)), false)
}
