import { expect, test } from 'bun:test'
import { credentialKeys, findEntry, serverKey } from './keys.ts'

test('credentialKeys() goes from the repository to the host', () => {
  expect(credentialKeys('quay.io', 'org/app')).toEqual([
    'quay.io/org/app',
    'quay.io/org',
    'quay.io',
  ])
  expect(credentialKeys('localhost:5000')).toEqual(['localhost:5000'])
})

test("credentialKeys() includes Docker Hub's old key", () => {
  expect(credentialKeys('docker.io', 'library/x')).toContain('https://index.docker.io/v1/')
  expect(serverKey('docker.io')).toBe('https://index.docker.io/v1/')
  expect(serverKey('quay.io')).toBe('quay.io')
})

test('findEntry() compares the host of a URL, and never returns the entry of another host', () => {
  const entries = {
    'https://quay.io/v2/': 1,
    'http://localhost:5000': 2,
    'registry.example.com': 3,
    'https://evil@trusted.example': 4,
  }
  expect(findEntry(entries, ['quay.io'])?.value).toBe(1)
  expect(findEntry(entries, ['localhost:5000'])?.value).toBe(2)
  for (const host of [
    'localhost',
    'example.com',
    'y.io',
    'registry.example.com:443',
    'constructor',
  ]) {
    expect(findEntry(entries, [host])).toBeUndefined()
  }
  expect(findEntry(entries, ['trusted.example'])).toBeUndefined()
})
