import { afterAll, beforeAll, expect, test } from 'bun:test'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { isStrakeError, parsePlatform, type StrakeError } from '#oci'
import { getImage } from '../image/find-image.ts'
import { getTarget } from '../image/find-target.ts'
import { addTestImage, openTestEngine, type TestEngine } from '../testing/fixture.ts'
import { type BuildRequest, build } from './build.ts'

let engine: TestEngine
beforeAll(async () => {
  // An empty registry.
  engine = await openTestEngine({ fetch: async () => new Response('{}', { status: 404 }) })
  await addTestImage(engine, { names: ['bb:latest'] })
})
afterAll(() => engine[Symbol.asyncDispose]())

const good = { text: 'FROM bb\nENV a=1\n' }
const bad = { text: 'FROM bb\nCOPY missing /\n' }

async function refusal(request: BuildRequest): Promise<StrakeError> {
  const error = await build(engine, request).catch((reason: unknown) => reason)
  if (isStrakeError(error)) return error
  throw new Error('the build was not refused', { cause: error })
}

function firstLine({ message }: StrakeError): string {
  return message.split('\n')[0] ?? ''
}

test('build() replaces the image ID of an earlier build', async () => {
  const file = `${engine.directory}/id`
  writeFileSync(file, 'sha256:old')
  const { imageId } = await build(engine, { dockerfile: good, imageIdFile: file })
  expect(readFileSync(file, 'utf8')).toBe(imageId)
})

test('a failing build() removes the image ID of an earlier build', async () => {
  const file = `${engine.directory}/stale`
  writeFileSync(file, 'sha256:old')
  await refusal({ dockerfile: bad, imageIdFile: file })
  expect(existsSync(file)).toBe(false)
})

test('build() throws before the first step when the image ID cannot be written', async () => {
  mkdirSync(`${engine.directory}/directory`)
  for (const [file, reason] of [
    ['no/such/id', `there is no directory ${engine.directory}/no/such`],
    ['directory', 'it is a directory'],
  ] as const) {
    const imageIdFile = `${engine.directory}/${file}`
    const refused = await refusal({ dockerfile: good, names: ['never'], imageIdFile })
    expect(refused.message).toBe(`Cannot write the image ID to ${imageIdFile}: ${reason}`)
  }
  expect(engine.records.tags.get('docker.io/library/never:latest')).toBeUndefined()
})

test('build() names the base that could not be refreshed, and the one in the store', async () => {
  const pulled = await refusal({ dockerfile: good, pull: true })
  expect(firstLine(pulled)).toStartWith('Cannot refresh the base bb:latest: cannot ')
  expect(pulled.remedy).toBe('build without --pull to use the image that is in the store')
  const absent = await refusal({ dockerfile: { text: 'FROM none\n' } })
  expect(firstLine(absent)).toStartWith(
    'Cannot use none:latest as a base: it is not in the store, and ',
  )
})

test('build() names both platforms when the store has the base for another one', async () => {
  const dockerfile = { text: 'FROM bb AS a\nFROM --platform=linux/s390x bb\n' }
  const refused = await refusal({ dockerfile })
  expect(firstLine(refused)).toMatch(
    /^Cannot use bb:latest as a base: the store has it for linux\/\w+, not for linux\/s390x, and cannot /,
  )
  expect(refused.remedy).toMatch(
    /^build with --platform linux\/\w+, or load the image for linux\/s390x$/,
  )
})

test('build() with pull uses a base named by its ID', async () => {
  const { imageId } = await build(engine, { dockerfile: good })
  const dockerfile = { text: `FROM ${imageId}\nENV b=2\n` }
  expect((await build(engine, { dockerfile, pull: true })).imageId).not.toBe(imageId)
})

test("build() writes its result in Docker's words", async () => {
  const metadataFile = `${engine.directory}/metadata`
  const names = ['meta', 'example.com/meta:1']
  const built = await build(engine, { dockerfile: good, names, metadataFile })
  expect(JSON.parse(readFileSync(metadataFile, 'utf8'))).toEqual({
    'buildx.build.provenance': expect.objectContaining({
      buildType: 'https://mobyproject.org/buildkit@v1',
      materials: [expect.objectContaining({ uri: expect.stringContaining('pkg:docker/') })],
    }),
    'buildx.build.ref': expect.stringMatching(/^default\/default\/[0-9a-z]{25}$/),
    'containerimage.config.digest': built.imageId,
    'containerimage.descriptor': {
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      digest: built.digest,
      size: expect.any(Number),
    },
    'containerimage.digest': built.digest,
    'image.name': 'docker.io/library/meta:latest,example.com/meta:1',
  })
  await refusal({ dockerfile: bad, metadataFile })
  expect(existsSync(metadataFile)).toBe(false)
})

test('build() for several platforms gives an index under every name', async () => {
  const dockerfile = { text: 'FROM scratch\nARG TARGETARCH\nENV for=$TARGETARCH\n' }
  const platforms = ['amd64', 'arm64', 's390x'].map(parsePlatform)
  const metadataFile = `${engine.directory}/metadata`
  const imageIdFile = `${engine.directory}/index-id`
  const names = ['multi:1', 'multi:2']
  const result = await build(engine, { dockerfile, platforms, names, metadataFile, imageIdFile })
  for (const name of names) {
    const found = getTarget(engine.records, name)
    expect(found).toMatchObject({ isIndex: true, id: result.digest })
    expect(found.images.map(({ platform }) => platform.architecture)).toEqual([
      'amd64',
      'arm64',
      's390x',
    ])
  }
  expect(result.imageId).toBe(result.digest)
  expect(readFileSync(imageIdFile, 'utf8')).toBe(result.digest)
  const metadata = JSON.parse(readFileSync(metadataFile, 'utf8'))
  expect(metadata).toMatchObject({ 'containerimage.digest': result.digest })
  expect(metadata).not.toHaveProperty('containerimage.config.digest')
  const again = await build(engine, { dockerfile, platforms, names: ['multi:1'] })
  expect(again.digest).toBe(result.digest)
  const base = { text: 'FROM multi:1\n' }
  for (const architecture of ['arm64', 's390x']) {
    const { imageId } = await build(engine, {
      dockerfile: base,
      platforms: [parsePlatform(architecture)],
    })
    expect(getImage(engine.records, imageId).image.platform.architecture).toBe(architecture)
  }
  const riscv = await refusal({ dockerfile: base, platforms: [parsePlatform('riscv64')] })
  expect(firstLine(riscv)).toContain('the store has it for linux/amd64, linux/arm64, linux/s390x')
})
