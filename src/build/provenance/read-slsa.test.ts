import { expect, test } from 'bun:test'
import { sha256 } from '#oci'
import { hostPlatform } from '#platform'
import { lockOf } from '../lock/lock-of.ts'
import type { Material, Provenance } from '../model/provenance.ts'
import { readSlsa } from './read-slsa.ts'
import { slsaPredicate } from './slsa.ts'

const platform = { os: 'linux', architecture: 'amd64' }
const commit = 'a'.repeat(40)
const image = (reference: string, isLocal = false): Material => ({
  kind: 'image',
  reference,
  platform,
  digest: sha256('m'),
  isLocal,
})
const provenance: Provenance = {
  platform,
  builder: hostPlatform(),
  dockerfile: { name: 'Own', text: 'FROM busybox\n' },
  context: { kind: 'git', url: 'https://example.com/a.git#main', commit },
  checkout: {},
  locals: ['more'],
  materials: [
    image('busybox'),
    image('localhost:5000/own/app:1'),
    image(`registry.example/app@${sha256('x')}`),
    { kind: 'git', url: 'https://example.com/a.git#main', commit },
    { kind: 'http', url: 'https://example.com/f', digest: sha256('f') },
  ],
  parameters: {
    target: 't',
    buildArgs: { A: '1' },
    labels: {},
    contexts: {},
    network: 'none',
    noCache: false,
    noCacheStages: [],
  },
  secrets: [],
  agents: [],
  usesNetwork: false,
  steps: [],
}

for (const version of ['v1', 'v0.2'] as const) {
  test(`readSlsa() reads back what slsaPredicate() writes in ${version}`, () => {
    const predicate: unknown = JSON.parse(
      JSON.stringify(
        slsaPredicate(provenance, {
          version,
          mode: 'max',
          isReproducible: false,
          builderVersion: '1',
          run: { id: 'x', startedOn: new Date(), finishedOn: new Date() },
          layers: [],
        }),
      ),
    )
    const read = readSlsa(predicate)
    expect(read).toMatchObject({
      source: 'https://example.com/a.git#main',
      dockerfile: 'Own',
      text: 'FROM busybox\n',
      args: { target: 't', 'build-arg:A': '1', 'force-network-mode': 'none' },
      locals: ['more'],
      isComplete: true,
    })
    expect(read?.lock.sources).toEqual(expect.arrayContaining([...lockOf([provenance]).sources]))
  })
}

test('readSlsa() counts members of other types as absent', () => {
  expect(readSlsa(null)).toBeUndefined()
  expect(readSlsa({ buildDefinition: { externalParameters: 7 } })).toBeUndefined()
  const request = { args: { a: 1, b: 'x', c: {} }, locals: [7, { name: 8 }, { name: 'x' }] }
  const external = { request, configSource: { uri: 7, path: [] } }
  const resolvedDependencies = [
    7,
    { uri: 'pkg:docker/%zz', digest: { sha256: 'a'.repeat(64) } },
    { uri: 'pkg:docker/a', digest: { sha256: 'short' } },
    { uri: 'https://x', digest: 7 },
  ]
  expect(
    readSlsa({ buildDefinition: { externalParameters: external, resolvedDependencies } }),
  ).toEqual({
    args: { b: 'x' },
    locals: ['x'],
    lock: { sources: [], isOfProvenance: true },
    isComplete: false,
  })
})
