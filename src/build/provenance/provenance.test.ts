import { afterAll, beforeAll, expect, test } from 'bun:test'
import { sha256 } from '#oci'
import { hostPlatform } from '#platform'
import { openWorkshop, type Workshop } from '../testing/fixture.ts'
import { type SlsaOptions, slsaPredicate } from './slsa.ts'

let workshop: Workshop
let server: ReturnType<typeof Bun.serve>
beforeAll(async () => {
  workshop = await openWorkshop()
  server = Bun.serve({ port: 0, fetch: () => new Response('downloaded') })
  await workshop.addImage('base', { 'etc/name': 'base' })
  await workshop.addImage('other', { tool: 'x' })
  await workshop.addImage('unused', { big: 'x' })
})
afterAll(async () => {
  await server.stop(true)
  await workshop[Symbol.asyncDispose]()
})

const platform = hostPlatform()
const url = (): string => `http://127.0.0.1:${server.port}/file`

async function example() {
  const dockerfile = [
    'FROM unused AS skipped',
    'FROM other AS tools',
    'COPY a.txt /a',
    'FROM base',
    'ARG KEY',
    `ADD http://me:word@127.0.0.1:${server.port}/file /file`,
    'COPY --from=tools /tool /a /from/',
    'WORKDIR /work',
  ].join('\n')
  const context = await workshop.context('example', { Dockerfile: dockerfile, 'a.txt': 'a' })
  const built = await workshop.build({
    context,
    buildArgs: { KEY: 'canary-value', HTTP_PROXY: 'http://me:canary-proxy@10.0.0.1' },
    labels: { version: '1' },
  })
  const [provenance] = built.provenance
  if (provenance === undefined) throw new Error('there is no provenance')
  return { provenance, layers: built.layers }
}

const run = { id: 'x', startedOn: new Date(1e12), finishedOn: new Date(2e12) }
const options = {
  version: 'v1',
  mode: 'max',
  isReproducible: false,
  builderVersion: '1.2',
  run,
} as const satisfies Omit<SlsaOptions, 'layers'>

test('build() reports the images, downloads and contexts that the target used', async () => {
  const { provenance } = await example()
  const digestOf = (name: string) => workshop.images.get(name)?.descriptor.digest
  expect(provenance.materials).toEqual([
    { kind: 'image', reference: 'base', platform, digest: digestOf('base'), isLocal: false },
    { kind: 'image', reference: 'other', platform, digest: digestOf('other'), isLocal: false },
    { kind: 'http', url: url(), digest: sha256(Buffer.from('downloaded')) },
  ] as typeof provenance.materials)
  expect(provenance.locals).toEqual(['context', 'dockerfile'])
  expect(provenance.usesNetwork).toBe(false)
  expect(provenance.parameters.labels).toEqual({ version: '1' })
})

test('build() reports the same materials when every step is cached', async () => {
  const first = await example()
  const second = await example()
  expect(second.provenance).toEqual(first.provenance)
})

test('slsaPredicate() has no passwords, and with mode min no values', async () => {
  const { provenance, layers } = await example()
  const textOf = (mode: 'min' | 'max') => {
    const text = JSON.stringify(slsaPredicate(provenance, { ...options, mode, layers }))
    const sources = [...text.matchAll(/"data":"([^"]*)"/g)].map(([, data = '']) => atob(data))
    return text + sources.join('')
  }
  for (const secret of ['canary-proxy', 'me:word']) {
    expect(textOf('max')).not.toContain(secret)
    expect(textOf('min')).not.toContain(secret)
  }
  expect(textOf('max')).toContain('canary-value')
  expect(textOf('min')).not.toContain('canary-value')
})

test("slsaPredicate() writes BuildKit's form of version 1", async () => {
  const { provenance, layers } = await example()
  const predicate = slsaPredicate(provenance, { ...options, mode: 'min', layers })
  const name = `${platform.os}/${platform.architecture}`
  const image = (reference: string) => {
    const digest = workshop.images.get(reference)?.descriptor.digest.slice('sha256:'.length)
    const uri = `pkg:docker/${reference}@latest?platform=${encodeURIComponent(name)}`
    return { uri, digest: { sha256: digest } }
  }
  expect(JSON.parse(JSON.stringify(predicate))).toEqual({
    buildDefinition: {
      buildType:
        'https://github.com/moby/buildkit/blob/master/docs/attestations/slsa-definitions.md',
      externalParameters: {
        configSource: { path: 'Dockerfile' },
        request: {
          frontend: 'dockerfile.v0',
          locals: [{ name: 'context' }, { name: 'dockerfile' }],
          compatibilityVersion: 30,
        },
      },
      internalParameters: {
        builderPlatform: name,
        dockerfileVersion: '1.28.0',
        targetPlatform: name,
      },
      resolvedDependencies: [
        image('base'),
        image('other'),
        { uri: url(), digest: { sha256: sha256(Buffer.from('downloaded')).slice(7) } },
      ],
    },
    runDetails: {
      builder: { id: '', version: { strake: '1.2' } },
      metadata: {
        invocationId: 'x',
        startedOn: run.startedOn.toISOString(),
        finishedOn: run.finishedOn.toISOString(),
        buildkit_metadata: {},
        buildkit_completeness: { request: false, resolvedDependencies: false },
      },
    },
  })
})

interface Detailed {
  buildDefinition: {
    internalParameters: {
      buildConfig: {
        llbDefinition: { id: string; op: { Op: Record<string, object> }; inputs: string[] }[]
      }
    }
  }
  runDetails: {
    metadata: {
      buildkit_metadata: {
        source: { locations: Record<string, object>; infos: { data: string }[] }
        layers: Record<string, { digest: string }[][]>
      }
    }
  }
}

test('slsaPredicate() tells what the context was checked out from, without passwords', async () => {
  const { provenance, layers } = await example()
  const checkout = { source: 'https://me:word@example.org/app.git', revision: 'abc' }
  const vcs = { revision: 'abc', source: 'https://example.org/app.git' }
  for (const mode of ['min', 'max'] as const) {
    const at = (version: 'v1' | 'v0.2') =>
      slsaPredicate({ ...provenance, checkout }, { ...options, version, mode, layers })
    expect(at('v1')).toMatchObject({ runDetails: { metadata: { buildkit_metadata: { vcs } } } })
    const name = 'https://mobyproject.org/buildkit@v1#metadata'
    expect(at('v0.2')).toMatchObject({ metadata: { [name]: { vcs } } })
  }
})

test('slsaPredicate() with mode max has steps, their lines and their layers', async () => {
  const { provenance, layers } = await example()
  const predicate = slsaPredicate(provenance, { ...options, layers }) as Detailed
  const { llbDefinition } = predicate.buildDefinition.internalParameters.buildConfig
  const steps = llbDefinition.map(({ op }) => op.Op)
  const identifiers = steps.flatMap(({ source }) =>
    source !== undefined && 'identifier' in source ? [source.identifier] : [],
  )
  expect(identifiers).toContainEqual(expect.stringContaining('docker-image://base@sha256:'))
  expect(identifiers).toContain('local://context')
  expect(identifiers).toContain(url())
  // Every input names an earlier step.
  for (const [at, { inputs }] of llbDefinition.entries()) {
    for (const input of inputs) expect(Number(/^step(\d+):0$/.exec(input)?.[1])).toBeLessThan(at)
  }
  const { source, layers: byStep } = predicate.runDetails.metadata.buildkit_metadata
  const last = llbDefinition.at(-1)?.id ?? ''
  const place = { locations: [{ ranges: [{ start: { line: 8 }, end: { line: 8 } }] }] }
  expect(source.locations[last]).toEqual(place)
  expect(byStep[`${last}:0`]?.[0]?.map(({ digest }) => digest)).toEqual(
    layers.map(({ descriptor }) => descriptor.digest),
  )
})

/** As BuildKit 0.34 describes the same instructions. */
test('slsaPredicate() with mode max describes copies as BuildKit does', async () => {
  const { provenance, layers } = await example()
  const predicate = slsaPredicate(provenance, { ...options, layers }) as Detailed
  const { llbDefinition } = predicate.buildDefinition.internalParameters.buildConfig
  const copies = JSON.stringify(llbDefinition.map(({ op }) => op.Op))
  const local = {
    mode: -1,
    followSymlink: true,
    dirCopyContents: true,
    createDestPath: true,
    allowWildcard: true,
    allowEmptyWildcard: true,
    timestamp: -1,
  }
  for (const action of [
    { copy: { src: '/a.txt', dest: '/a', ...local } },
    { copy: { src: '/file', dest: '/file', mode: -1, createDestPath: true, timestamp: -1 } },
    { mkdir: { path: '/work', mode: 0o755, makeParents: true, timestamp: -1 } },
  ]) {
    expect(copies).toContain(`"Action":${JSON.stringify(action)}`)
  }
  expect(copies).toContain(
    JSON.stringify({ identifier: url(), attrs: { 'http.filename': 'file' } }),
  )
})

test('slsaPredicate() of a reproducible build has no times', async () => {
  const { provenance, layers } = await example()
  for (const version of ['v1', 'v0.2'] as const) {
    const at = (id: string): string => {
      const own = { id, startedOn: new Date(), finishedOn: new Date() }
      const asked = { ...options, version, isReproducible: true, run: own, layers }
      return JSON.stringify(slsaPredicate(provenance, asked))
    }
    expect(at('1')).toBe(at('2'))
    expect(at('1')).toContain('eproducible":true')
  }
})
