import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { fromBuffer } from '#stream'
import { packTar } from '#tar'
import type { BuildOptions } from '../options.ts'
import { addBusybox, busyboxMissing, openWorkshop, type Workshop } from '../testing/fixture.ts'
import type { Sbom } from './read-scans.ts'
import { readScans } from './read-scans.ts'

if (busyboxMissing !== undefined) console.info(`skipped: scans of builds: ${busyboxMissing}`)

const usual = { parameters: {}, version: '1' }

interface Spdx {
  readonly creationInfo: { readonly created: string }
  readonly packages: readonly { readonly name: string }[]
}

function namesIn({ document }: Sbom): readonly string[] {
  return (document as Spdx).packages.slice(1).map(({ name }) => name)
}

describe.skipIf(busyboxMissing !== undefined)('scans', () => {
  let workshop: Workshop
  beforeAll(async () => {
    workshop = await openWorkshop()
    await addBusybox(workshop)
  })
  afterAll(() => workshop[Symbol.asyncDispose]())

  async function scan(
    dockerfile: string,
    more: Partial<BuildOptions> = {},
  ): Promise<readonly Sbom[]> {
    const json = (name: string): string => JSON.stringify({ name, version: '1.0.0' })
    const context = await workshop.context('context', {
      Dockerfile: dockerfile,
      'node_modules/used/package.json': json('used'),
      'node_modules/other/package.json': json('other'),
    })
    const { sboms } = await workshop.build({ context, sbom: usual, ...more })
    return sboms[0] ?? []
  }

  const stages = [
    'FROM busybox AS tools',
    'ARG BUILDKIT_SBOM_SCAN_STAGE=true',
    'COPY node_modules/other /node_modules/other',
    'FROM busybox',
    'COPY node_modules/used /app/node_modules/used',
    'COPY --from=tools /bin/sh /x',
  ].join('\n')

  test('build() lists the packages of the result, at the time of the image', async () => {
    const [own, ...others] = await scan('FROM busybox\nCOPY node_modules/used /node_modules/used\n')
    expect(others).toEqual([])
    if (own === undefined) throw new Error('there is no document')
    expect(own.filename).toBe('sbom.spdx.json')
    expect(namesIn(own)).toEqual(['used'])
    expect((own.document as Spdx).creationInfo.created).toBe('2023-11-14T22:13:20Z')
  })

  test('build() lists packages of stages and contexts that the Dockerfile names', async () => {
    const found = await scan(stages, {})
    expect(found.map((each) => [each.filename, namesIn(each)])).toEqual([
      ['sbom.spdx.json', ['used']],
      ['sbom-tools.spdx.json', ['other']],
    ])
    const context = `ARG BUILDKIT_SBOM_SCAN_CONTEXT=true\n${stages}`
    expect((await scan(context)).map((each) => [each.filename, namesIn(each)])).toEqual([
      ['sbom.spdx.json', ['used']],
      ['sbom-context.spdx.json', ['other', 'used']],
      ['sbom-tools.spdx.json', ['other']],
    ])
    const list = stages.replace('=true', '=elsewhere')
    expect((await scan(list)).map(({ filename }) => filename)).toEqual(['sbom.spdx.json'])
  })

  const scanner = [
    'set -e',
    'cd $BUILDKIT_SCAN_SOURCE',
    'if touch x; then exit 9; fi',
    'test "$BUILDKIT_SCAN_LEVEL" = high',
    'for at in $BUILDKIT_SCAN_SOURCE $BUILDKIT_SCAN_SOURCE_EXTRAS/*; do',
    'if test -d $at; then',
    `echo '{"_type":"https://in-toto.io/Statement/v0.1","predicateType":"https://spdx.dev/Document","predicate":{"files":"'$(echo $(ls $at))'"}}' > $BUILDKIT_SCAN_DESTINATION/\${at##*/}.spdx.json`,
    'fi',
    'done',
  ].join('\n')

  test("build() lists packages with an image, by BuildKit's protocol", async () => {
    const busybox = workshop.images.get('busybox')
    if (busybox === undefined) throw new Error('there is no busybox')
    const config = { Env: ['PATH=/bin'], Entrypoint: ['sh', '-c', scanner] }
    const image = { ...busybox, config: { ...busybox.config, config } }
    workshop.images.set('example/scanner:1', image)
    const sbom = { ...usual, generator: 'example/scanner:1', parameters: { LEVEL: 'high' } }
    const found = await scan(stages, { sbom })
    expect(found.map(({ filename }) => filename)).toEqual([
      'sbom.spdx.json',
      'sbom-tools.spdx.json',
    ])
    expect(found[0]?.document).toEqual({ files: expect.stringContaining('app') })
    expect(found[1]?.document).toEqual({ files: expect.stringContaining('node_modules') })
    // An unchanged result is not scanned again.
    await scan(stages, { sbom })
    expect(workshop.stateOf('generating sbom using example/scanner:1')).toBe('cached')
    const failing = scan(stages, { sbom: { ...sbom, parameters: {} } })
    await expect(failing).rejects.toThrow()
  })

  test('build() without sbom lists nothing', async () => {
    expect(await scan(stages, { sbom: undefined })).toEqual([])
  })
})

const statement = JSON.stringify({ predicateType: 'https://spdx.dev/Document', predicate: {} })
const layerOf = async (files: Readonly<Record<string, string>>) =>
  fromBuffer(
    await packTar(Object.entries(files).map(([path, text]) => ({ path, body: Buffer.from(text) }))),
  )

test('readScans() puts the document of the result first, and ignores other files', async () => {
  const layer = await layerOf({
    'etc/passwd': 'x',
    'run/out/a.spdx.json': statement,
    'run/out/sbom.spdx.json': statement,
    'run/out/below/b.spdx.json': '{',
  })
  const found = await readScans(layer)
  expect(found.map(({ filename }) => filename)).toEqual(['sbom.spdx.json', 'a.spdx.json'])
})

test.each([
  [{ 'run/out/other.json': statement }, 'it wrote no sbom.spdx.json'],
  [{ 'run/out/sbom.spdx.json': '{"predicate":{}}' }, 'is no statement about a document of SPDX'],
  [{ 'run/out/sbom.spdx.json': '{' }, 'it ends too early'],
])('readScans(%p) refuses it', async (files, reason) => {
  await expect(readScans(await layerOf(files))).rejects.toThrow(reason)
})

test('readScans() refuses documents of more than 40 MiB', async () => {
  const large = `${statement}${' '.repeat(14 * 2 ** 20)}`
  const files = { 'run/out/1': large, 'run/out/2': large, 'run/out/sbom.spdx.json': large }
  await expect(readScans(await layerOf(files))).rejects.toThrow('larger than 40 MiB')
})
