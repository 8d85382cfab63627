import { expect, test } from 'bun:test'
import { isPrivateHost, isSameSite, registryOrigin } from './address.ts'

test('registryOrigin() is plain HTTP only on loopback or when told so', () => {
  expect(registryOrigin('localhost:5000').href).toBe('http://localhost:5000/')
  expect(registryOrigin('127.8.9.1').href).toBe('http://127.8.9.1/')
  expect(registryOrigin('[::1]:5000').href).toBe('http://[::1]:5000/')
  expect(registryOrigin('quay.io').href).toBe('https://quay.io/')
  expect(registryOrigin('10.0.0.1:5000').href).toBe('https://10.0.0.1:5000/')
  expect(registryOrigin('localhost.evil.com').protocol).toBe('https:')
  expect(registryOrigin('10.0.0.1:5000', { insecure: true }).href).toBe('http://10.0.0.1:5000/')
})

test('registryOrigin() knows where Docker Hub really is', () => {
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

test('isPrivateHost() sees through the ways to write an address', () => {
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

test('isSameSite() does not take tenants of one domain for one party', () => {
  expect(isSameSite('registry-1.docker.io', 'auth.docker.io')).toBe(true)
  expect(isSameSite('registry.gitlab.com', 'gitlab.com')).toBe(true)
  expect(isSameSite('a.azurecr.io', 'b.azurecr.io')).toBe(false)
  expect(isSameSite('a.co.uk', 'b.co.uk')).toBe(false)
  expect(isSameSite('a.b.co.uk', 'c.b.co.uk')).toBe(true)
  expect(isSameSite('10.0.0.1', '10.0.0.2')).toBe(false)
  expect(isSameSite('localhost', '127.0.0.1')).toBe(true)
})
