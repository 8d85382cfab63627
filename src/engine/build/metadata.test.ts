import { expect, test } from 'bun:test'
import type { Provenance } from '#build'
import { mediaType } from '#oci'
import { formatMetadata, type MetadataFacts } from './metadata.ts'

const platform = { os: 'linux', architecture: 'amd64' }
const provenance: Provenance = {
  platform,
  builder: platform,
  dockerfile: { name: 'Dockerfile', text: 'FROM scratch\n' },
  checkout: {},
  locals: [],
  materials: [],
  parameters: {
    buildArgs: { KEY: 'value' },
    labels: {},
    contexts: {},
    network: 'default',
    noCache: false,
    noCacheStages: [],
  },
  secrets: [],
  agents: [],
  usesNetwork: false,
  steps: [],
}
const facts: MetadataFacts = {
  names: [],
  provenance: [provenance],
  run: { id: 'x', startedOn: new Date(0), finishedOn: new Date(0) },
  warnings: [{ type: 'warning', message: 'Dockerfile:1: bad', rule: 'Rule' }],
  env: {},
}
const descriptor = {
  mediaType: mediaType.ociIndex,
  digest: `sha256:${'a'.repeat(64)}` as const,
  size: 1,
  annotations: { a: 'b' },
}

const read = (more: Partial<MetadataFacts> = {}) =>
  JSON.parse(
    formatMetadata(
      { descriptor, storedDigest: descriptor.digest, imageId: undefined, pushed: [] },
      { ...facts, ...more },
    ),
  )

test('formatMetadata() has the reference, the descriptor and the least provenance', () => {
  const { 'buildx.build.provenance': own, ...others } = read()
  expect(others).toEqual({
    'buildx.build.ref': 'default/default/x',
    'containerimage.descriptor': descriptor,
    'containerimage.digest': descriptor.digest,
  })
  expect(Object.keys(own)).toEqual(['builder', 'buildType', 'invocation'])
  expect(JSON.stringify(own)).not.toContain('value')
})

test('formatMetadata() obeys BUILDX_METADATA_PROVENANCE', () => {
  const max = read({ env: { BUILDX_METADATA_PROVENANCE: 'max' } })['buildx.build.provenance']
  expect(max.invocation.parameters.args).toEqual({ 'build-arg:KEY': 'value' })
  expect(max.metadata.buildInvocationID).toBe('x')
  for (const word of ['disabled', 'false', '0']) {
    const env = { BUILDX_METADATA_PROVENANCE: word }
    expect(read({ env })).not.toHaveProperty(['buildx.build.provenance'])
  }
})

test('formatMetadata() names the platform of each of several provenances', () => {
  const other = { ...provenance, platform: { os: 'linux', architecture: 'arm64' } }
  expect(Object.keys(read({ provenance: [provenance, other] })).slice(0, 2)).toEqual([
    'buildx.build.provenance/linux/amd64',
    'buildx.build.provenance/linux/arm64',
  ])
})

test('formatMetadata() has warnings with BUILDX_METADATA_WARNINGS', () => {
  const [warning] = read({ env: { BUILDX_METADATA_WARNINGS: '1' } })['buildx.build.warnings']
  expect(atob(warning.short)).toBe('Rule: Dockerfile:1: bad')
  expect(read()).not.toHaveProperty(['buildx.build.warnings'])
})

test('formatMetadata() without an image has the reference of the build', () => {
  expect(JSON.parse(formatMetadata(undefined, facts))).toHaveProperty(['buildx.build.ref'])
})
