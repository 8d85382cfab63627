import { expect, test } from 'bun:test'
import { isPrivateHost, isSameSite, leadsInside, registryOrigin } from './address.ts'

test('registryOrigin() is plain HTTP only on loopback or with insecure', () => {
  expect(registryOrigin('localhost:5000').href).toBe('http://localhost:5000/')
  expect(registryOrigin('127.8.9.1').href).toBe('http://127.8.9.1/')
  expect(registryOrigin('[::1]:5000').href).toBe('http://[::1]:5000/')
  expect(registryOrigin('quay.io').href).toBe('https://quay.io/')
  expect(registryOrigin('10.0.0.1:5000').href).toBe('https://10.0.0.1:5000/')
  expect(registryOrigin('localhost.evil.com').protocol).toBe('https:')
  expect(registryOrigin('10.0.0.1:5000', { insecure: true }).href).toBe('http://10.0.0.1:5000/')
})

test('registryOrigin() returns the API host of Docker Hub', () => {
  expect(registryOrigin('docker.io').href).toBe('https://registry-1.docker.io/')
  expect(registryOrigin('index.docker.io').href).toBe('https://registry-1.docker.io/')
})

test('registryOrigin() refuses what is more than a host and a port', () => {
  for (const host of [
    'registry.com:443@evil.com',
    'user:pw@registry.com',
    'registry.com/path',
    'registry.com?x',
    'http://registry.com',
    'registry.com:99999999',
    'registry.com\r\nX: y',
    '',
    'r\u0435gistry.com',
  ]) {
    expect(() => registryOrigin(host)).toThrow('as a registry')
  }
})

test('isPrivateHost() recognises every notation of an address', () => {
  const inside = ['localhost', '10.1.2.3', '172.16.0.1', '192.168.1.1', '169.254.169.254', 'db']
  for (const host of [
    ...inside,
    '[::1]',
    '[fe80::1]',
    '[fd00::1]',
    '[::ffff:a00:1]',
    'x.internal',
  ]) {
    expect([host, isPrivateHost(host)]).toEqual([host, true])
  }
  for (const host of ['quay.io', '8.8.8.8', '172.32.0.1', '[2001:db8::1]']) {
    expect([host, isPrivateHost(host)]).toEqual([host, false])
  }
})

test('isPrivateHost() recognises names with a final dot and addresses inside addresses', () => {
  for (const host of ['localhost.', 'x.internal.', '[64:ff9b::a9fe:a9fe]', '[2002:a00:1::]']) {
    expect([host, isPrivateHost(host)]).toEqual([host, true])
  }
})

test('leadsInside() decides by the addresses of a name', async () => {
  const addresses: Record<string, readonly string[]> = {
    '127.0.0.1.nip.io': ['127.0.0.1'],
    'mixed.example.com': ['8.8.8.8', '10.0.0.1'],
    'cdn.example.com': ['8.8.8.8', '2001:4860::8888'],
  }
  const resolve = async (host: string): Promise<readonly string[]> => {
    const found = addresses[host]
    if (found === undefined) throw new Error('no such host')
    return found
  }
  expect(await leadsInside('127.0.0.1.nip.io', resolve)).toBe(true)
  expect(await leadsInside('mixed.example.com.', resolve)).toBe(true)
  expect(await leadsInside('cdn.example.com', resolve)).toBe(false)
  expect(await leadsInside('absent.example.com', resolve)).toBe(false)
  expect(await leadsInside('127.0.0.1.nip.io')).toBe(false)
})

test('isSameSite() distinguishes tenants of one domain', async () => {
  for (const [one, other, expected] of [
    ['registry-1.docker.io', 'auth.docker.io', true],
    ['registry.gitlab.com', 'gitlab.com.', true],
    ['a.b.co.uk', 'c.b.co.uk', true],
    ['localhost', '127.0.0.1', true],
    ['a.azurecr.io', 'b.azurecr.io', false],
    ['a.onrender.com', 'b.onrender.com', false],
    ['a.github.io', 'b.github.io', false],
    ['a.co.uk', 'b.co.uk', false],
    ['10.0.0.1', '10.0.0.2', false],
  ] as const) {
    expect([one, other, await isSameSite(one, other)]).toEqual([one, other, expected])
  }
})
