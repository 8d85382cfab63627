import { expect, test } from 'bun:test'
import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { mkdtempDisposable } from '#platform'
import { canCertify, makeAuthority, makeCertificate } from '../../server/testing/certificates.ts'
import type { MtlsConfig } from '../config/config.ts'
import { identifyCertificates, namesOfCertificate } from './certificate.ts'

if (!canCertify) console.log('skipped: users of client certificates: openssl is not installed')

async function openMaker() {
  const directory = await mkdtempDisposable(tmpdir(), 'strake-certificate-')
  const authority = makeAuthority(directory.path)
  let count = 0
  return {
    make(subject: string, names?: string): Uint8Array {
      count += 1
      const made = { name: `c${count}`, subject, ...(names && { names }) }
      const { cert } = makeCertificate(directory.path, authority, made)
      return new Uint8Array(new X509Certificate(readFileSync(cert)).raw)
    },
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  }
}

test.skipIf(!canCertify)('namesOfCertificate() reads names from the bytes', async () => {
  await using maker = await openMaker()
  const names =
    'email:alice@example.com,DNS:a.example,DNS:b.example,URI:spiffe://example/alice,IP:127.0.0.1'
  expect(namesOfCertificate(maker.make('/O=acme/CN=alice', names))).toEqual({
    cn: ['alice'],
    email: ['alice@example.com'],
    dns: ['a.example', 'b.example'],
    uri: ['spiffe://example/alice'],
  })
  const none = { cn: [], email: [], dns: [], uri: [] }
  expect(namesOfCertificate(maker.make('/O=acme'))).toEqual(none)
})

test.skipIf(!canCertify)(
  'identifyCertificates() takes the one name that matches as a whole',
  async () => {
    await using maker = await openMaker()
    const userOf = (config: MtlsConfig, certificate: Uint8Array): string | undefined =>
      identifyCertificates(config)(certificate)?.name
    const alice = maker.make('/CN=alice', 'URI:spiffe://example/user/alice,email:alice@example.com')
    const spiffe = { identity: 'uri', pattern: 'spiffe://example/user/([a-z]+)' } as const
    expect(userOf({ identity: 'cn' }, alice)).toBe('alice')
    expect(userOf(spiffe, alice)).toBe('alice')
    expect(userOf({ identity: 'email', pattern: '([a-z]+)@example\\.com' }, alice)).toBe('alice')
    expect(userOf({ identity: 'email', pattern: '([a-z]+)@example' }, alice)).toBeUndefined()
    expect(userOf({ identity: 'dns' }, alice)).toBeUndefined()
    // A name with a separator inside is one name, and not a second one.
    const injected = maker.make(
      '/CN=mallory',
      '@names\n[names]\nURI.1=spiffe://other/x\\, URI:spiffe://example/user/alice',
    )
    expect(namesOfCertificate(injected).uri).toHaveLength(1)
    expect(namesOfCertificate(injected).uri).toHaveLength(1)
    expect(userOf(spiffe, injected)).toBeUndefined()
    const two = maker.make('/CN=mallory/CN=alice')
    expect(userOf({ identity: 'cn' }, two)).toBeUndefined()
    for (const odd of ['/CN=a b', '/CN=robot:x', '/CN=robot\\+ci', '/CN=']) {
      expect(userOf({ identity: 'cn' }, maker.make(odd))).toBeUndefined()
    }
  },
)

test('identifyCertificates() ends for bytes that are no certificate', () => {
  const identify = identifyCertificates({ identity: 'cn' })
  const odd = [[], [0x30], [0x30, 0x80], [0x30, 0x84, 255, 255, 255, 255], [0x30, 2, 0x30, 5]]
  for (const bytes of odd) expect(identify(Uint8Array.from(bytes))).toBeUndefined()
  for (let seed = 0; seed < 500; seed += 1) {
    const bytes = crypto.getRandomValues(new Uint8Array(64))
    bytes[0] = 0x30
    bytes[1] = 62
    expect(identify(bytes)).toBeUndefined()
  }
})
