import { expect, test } from 'bun:test'
import { parseImageSource } from './image-source.ts'

const digest = `sha256:${'a'.repeat(64)}`

test('parseImageSource() reads names, digests and descriptors', () => {
  expect(parseImageSource(' localhost:5000/app\n')).toBe('localhost:5000/app')
  expect(parseImageSource(digest)).toBe(digest)
  const platform = { architecture: 'arm', os: 'linux', variant: 'v7' }
  const text = JSON.stringify({ digest, size: 7, platform, annotations: { a: 'b' } })
  expect(parseImageSource(text)).toMatchObject({
    digest,
    size: 7,
    platform,
    annotations: { a: 'b' },
  })
})

test('parseImageSource() refuses manifests and descriptors without a digest', () => {
  expect(() => parseImageSource('{"schemaVersion":2}')).toThrow('it is a manifest')
  expect(() => parseImageSource('{"size":1}')).toThrow('it has no digest')
  expect(() => parseImageSource('{"digest":')).toThrow('Cannot read the descriptor of a source')
})
