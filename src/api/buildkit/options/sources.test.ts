import { expect, test } from 'bun:test'
import type { Digest } from '#oci'
import { readSources } from './sources.ts'

const digest: Digest = `sha256:${'a'.repeat(64)}`

test('readSources() takes Dockerfile and context from the client', () => {
  expect(readSources({})).toEqual({
    filename: 'Dockerfile',
    dockerfile: 'dockerfile',
    context: { kind: 'local', name: 'context' },
    contexts: new Map(),
    sessions: new Map(),
  })
  expect(readSources({ filename: 'a/D', 'local-sessionid:context': 's' })).toMatchObject({
    filename: 'a/D',
    sessions: new Map([['context', 's']]),
  })
})

test('readSources() reads contexts elsewhere, with a Dockerfile of their own or of the client', () => {
  const url = 'https://host.example/r.git#main'
  expect(readSources({ context: url })).toMatchObject({
    dockerfile: undefined,
    context: { kind: 'remote', url },
  })
  expect(readSources({ context: url, dockerfilekey: 'other' })).toMatchObject({
    dockerfile: 'other',
  })
  expect(readSources({ context: 'http://buildkit-session/abc' }).context).toEqual({
    kind: 'upload',
    path: '/abc',
  })
})

test('readSources() reads named contexts', () => {
  const { contexts } = readSources({
    'context:dir': 'local:dir',
    'sharedkey:localdir:dir': 'key',
    'context:alpine': 'docker-image://alpine:3.20',
    'context:none': 'docker-image://scratch',
    'context:repo': 'https://host.example/r.git',
    'context:layout': `oci-layout://store@${digest}`,
    'context:base::linux/amd64': 'input:0-base::linux/amd64',
  })
  expect(Object.fromEntries(contexts)).toEqual({
    dir: { kind: 'local', name: 'dir', sharedKey: 'key' },
    alpine: { kind: 'image', reference: 'alpine:3.20' },
    none: { kind: 'image', reference: 'scratch' },
    repo: { kind: 'remote', url: 'https://host.example/r.git' },
    layout: { kind: 'layout', store: 'store', digest },
    'base::linux/amd64': { kind: 'input', name: '0-base::linux/amd64' },
  })
})

test.each([
  ['context', '/etc', 'is not a URL'],
  ['context:a', '/etc', 'there is no context'],
  ['context:a', 'oci-layout://store', 'a layout needs a digest'],
  ['context:a', 'docker-image://A', 'Cannot'],
])('readSources() refuses %s=%s', (key, value, reason) => {
  expect(() => readSources({ [key]: value })).toThrow(reason)
})
