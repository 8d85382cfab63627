import { expect, test } from 'bun:test'
import { mediaType } from '#oci'
import { formatRemoteImage } from './remote-image.ts'

const digest = `sha256:${'a'.repeat(64)}` as const
const manifest = { mediaType: mediaType.ociManifest, digest, size: 1 }

test('formatRemoteImage() shows an image of one platform', () => {
  expect(formatRemoteImage({ name: 'docker.io/library/a:1', descriptor: manifest })).toBe(
    [
      'Name:      docker.io/library/a:1',
      `MediaType: ${mediaType.ociManifest}`,
      `Digest:    ${digest}`,
      '',
    ].join('\n'),
  )
})

test('formatRemoteImage() shows the manifests of an index, and no control characters', () => {
  const index = {
    schemaVersion: 2 as const,
    manifests: [
      { ...manifest, platform: { os: 'linux', architecture: 'arm', variant: 'v7' } },
      { ...manifest, annotations: { b: 'x\u001b[31m', a: '1' } },
    ],
  }
  const descriptor = { ...manifest, mediaType: mediaType.ociIndex }
  const text = formatRemoteImage({ name: `r.test/a:1@${digest}`, descriptor, index })
  expect(text).toContain(`\nManifests:\n  Name:      r.test/a:1@${digest}\n`)
  expect(text).toContain('  Platform:  linux/arm/v7\n\n  Name:')
  expect(text).toContain('  Annotations:\n    a: 1\n    b: x')
  expect(text).not.toContain('\u001b')
})
