import { expect, test } from 'bun:test'
import { encodeJson, sha256 } from '#oci'
import { collectSteps, formatCacheConfig, type PortableStep } from './format.ts'
import { inlineCache, parseInlineCache } from './inline.ts'
import { knownResults } from './known-results.ts'
import { parseCacheConfig } from './parse.ts'

const [one, two] = [sha256('one'), sha256('two')]
const key = (text: string): string => sha256(text).slice('sha256:'.length)
const blob = (digest: typeof one) => ({
  mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip',
  digest,
  size: 10,
})
const facts = (diffId: typeof one) => ({
  layer: { diffId, size: 2048, epoch: 5, isAdditive: true },
  contentKey: key('content'),
  platforms: ['linux/amd64'],
})
const steps: readonly PortableStep[] = [
  { key: key('b'), facts: facts(two), blob: blob(two) },
  { key: key('a'), facts: facts(one), blob: blob(one) },
  { key: key('named'), facts: facts(sha256('three')) },
  { key: key('nothing'), facts: { layer: null, platforms: [] } },
]

const parse = (value: unknown) => parseCacheConfig(encodeJson(value))

test('formatCacheConfig() gives the same bytes for any order of steps', () => {
  const written = formatCacheConfig({ ...collectSteps(steps), mounts: [] })
  const reversed = formatCacheConfig({ ...collectSteps(steps.toReversed()), mounts: [] })
  expect(Buffer.from(written).toString()).toBe(Buffer.from(reversed).toString())
})

test('parseCacheConfig() reads what formatCacheConfig() writes', () => {
  const mounts = [{ id: 'npm', size: 5, pieces: [blob(one)] }]
  const config = { ...collectSteps(steps, { details: true }), mounts }
  const read = parseCacheConfig(formatCacheConfig(config))
  expect(read).toEqual(config)
  const known = knownResults(read, new Map([[one, blob(one)]]))
  expect(known.get(key('a'))).toEqual({ facts: facts(one), blob: blob(one) })
  // The place does not have the blob of this one.
  expect(known.get(key('b'))).toEqual({ facts: facts(two), blob: undefined })
  expect(known.get(key('nothing'))).toMatchObject({ facts: { layer: null } })
})

test("parseCacheConfig() reads BuildKit's chains, selectors, and zeros that Go leaves out", () => {
  const config = parse({
    layers: [
      { blob: one, parent: -1 },
      { blob: two, annotations: { mediaType: 'x', diffID: one, size: 3, createdAt: '' } },
    ],
    records: [
      { digest: 'sha256:aa' },
      {
        digest: 'random:x',
        layers: [{ layer: 1, createdAt: '0001-01-01T00:00:00Z' }],
        chains: [{ layers: [1, 0], createdAt: '0001-01-01T00:00:00Z' }],
        inputs: [[{ selector: 's', link: 0 }, { link: 0 }]],
      },
    ],
  })
  expect(config.layers[1]).toEqual({
    blob: two,
    parent: 0,
    details: { mediaType: 'x', diffId: one, size: 3 },
  })
  expect(config.records[1]).toEqual({
    digest: 'random:x',
    results: [1],
    chains: [[1, 0]],
    inputs: [[{ record: 0, selector: 's' }, { record: 0 }]],
    step: undefined,
  })
  expect(knownResults(config, new Map()).size).toBe(0)
})

test('parseCacheConfig() reads 400,000 links to one record', () => {
  const inputs = Array.from({ length: 400_000 }, () => [{}])
  // With one copy of the list for every link, this takes minutes.
  const config = parse({ records: [{ digest: 'sha256:aa' }, { digest: 'sha256:bb', inputs }] })
  expect(config.records[1]?.inputs).toHaveLength(400_000)
})

const layer = { blob: one, parent: -1 }
test.each([
  [{ layers: [{ blob: one, parent: 0 }] }, 'layer 0 is below itself'],
  [{ layers: [{ blob: one, parent: 1 }, { blob: two }] }, 'is below itself'],
  [{ layers: [{ blob: one, parent: 7 }] }, 'there is no layer 7'],
  [{ layers: [{ blob: one, parent: -2 }] }, 'there is no layer -2'],
  [{ layers: [{ blob: '../../etc/passwd' }] }, 'layers[0].blob is not a sha256'],
  [{ layers: [layer], records: [{ layers: [{ layer: 1 }] }] }, 'there is no layer 1'],
  [{ layers: [layer], records: [{ chains: [{ layers: [-1] }] }] }, 'there is no layer -1'],
  [{ records: [{ inputs: [[{ link: 0 }]] }] }, 'a record is an input of itself'],
  [
    { records: [{ inputs: [[{ link: 1 }]] }, { inputs: [[{ link: 0 }]] }] },
    'a record is an input of itself',
  ],
  [{ records: [{ inputs: [[{ link: 3 }]] }] }, 'there is no record 3'],
  [{ records: [{ inputs: [[]] }] }, 'records[0].inputs[0] has no links'],
  [{ records: [{ strake: { layer: { diffId: one, size: -1 } } }] }, 'size is negative'],
  [{ records: [{ strake: { content: 'x' } }] }, 'content is not a key'],
  [{ records: Array.from({ length: 100_001 }, () => ({})) }, '100001 records, more than 100000'],
  [{ strake: { mounts: [{ id: 'a'.repeat(5000), size: 0, pieces: [] }] } }, 'id is too long'],
])('parseCacheConfig() refuses case %#', (value, reason) => {
  expect(() => parse(value)).toThrow(reason)
})

test('parseCacheConfig() reads a chain of 100,000 records without recursion', () => {
  const records = Array.from({ length: 100_000 }, (_, index) => ({
    digest: `sha256:${index}`,
    ...(index > 0 && { inputs: [[{ link: index - 1 }]] }),
  }))
  expect(parse({ records }).records).toHaveLength(100_000)
})

test('parseInlineCache() finds the layers of the image that inlineCache() recorded', () => {
  const layers = [one, two].map((diffId) => ({ diffId, descriptor: blob(sha256(diffId)) }))
  const member = inlineCache([{ keys: [key('a'), key('b')], facts: facts(two) }], layers)
  const config = parseInlineCache(encodeJson({ os: 'linux', ...member }), layers)
  const blobs = new Map(layers.map(({ descriptor }) => [descriptor.digest, descriptor]))
  const known = config && knownResults(config, blobs)
  expect(known?.get(key('a'))?.blob).toEqual(layers[1]?.descriptor)
  expect(known?.get(key('b'))?.facts).toEqual(facts(two))
  expect(parseInlineCache(encodeJson({ os: 'linux' }), layers)).toBeUndefined()
})

test('parseInlineCache() refuses records of layers that the image does not have', () => {
  const records = Buffer.from('[{"layers":[{"layer":1}]}]').toString('base64')
  const config = encodeJson({ 'moby.buildkit.cache.v0': records })
  expect(() => parseInlineCache(config, [{ diffId: one, descriptor: blob(one) }])).toThrow(
    'there is no layer 1',
  )
})
