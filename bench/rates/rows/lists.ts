import { blob, emptyConfig, manifest } from '../../../src/registry/testing/fixtures.ts'
import { median } from '../../statistics.ts'
import { connect } from '../connection.ts'
import { fill, image } from '../content.ts'
import type { Rig } from '../rig.ts'
import type { Row } from '../row.ts'
import { copyRepositories, enterRepositories } from '../seed.ts'
import type { Served } from '../served.ts'
import { expectStatus, put, unique } from '../upload.ts'

const manyRepositories = 100_000
const someRepositories = 5000
const referrers = 1000

export const listRows: readonly Row[] = [
  {
    name: 'catalog-5000',
    about: `the list of ${someRepositories} repositories`,
    async run(rig) {
      const servers = await rig.once('catalog', () => startWithSome(rig))
      const times = new Map<string, number>()
      for (const served of servers) {
        times.set(served.program, await repeated(rig, () => listPages(served, '/v2/_catalog')))
      }
      const [ours = 0, theirs] = [times.get('strake'), times.get('distribution')]
      if (theirs === undefined) return [{ unit: 'ms', value: ours }]
      return [
        { unit: 'ms', value: ours },
        { unit: "times distribution's time", value: ours / theirs, most: 1 },
      ]
    },
  },
  {
    name: 'catalog-100000',
    about: `a page of 1,000 of ${manyRepositories} repositories`,
    async run(rig) {
      const [some] = await rig.once('catalog', () => startWithSome(rig))
      const directory = await largeStore(rig)
      await using many = await rig.serve({ program: 'strake', directory })
      const pages = { few: await pageTime(some, 40), many: await pageTime(many, 2) }
      return [
        { unit: 'ms', value: pages.many },
        { unit: `times that of ${someRepositories}`, value: pages.many / pages.few, most: 1.25 },
      ]
    },
  },
  {
    name: 'referrers-1000',
    about: `the list of ${referrers} referrers`,
    async run(rig) {
      const served = await rig.serve({ program: 'strake' })
      await fill(served)
      using connection = await connect(served.port)
      await put(connection, 'team/app', unique(emptyConfig.raw))
      for (let index = 0; index < referrers; index += 1) {
        const annotations = { index: String(index) }
        const { descriptor: subject } = image
        const artifactType = 'application/vnd.example.signature'
        const { raw, descriptor } = manifest({ subject, artifactType, annotations })
        const request = `PUT /v2/team/app/manifests/${descriptor.digest}`
        const headers = [`Content-Type: ${descriptor.mediaType}`]
        expectStatus(await connection.ask(request, { headers, body: [raw] }), 201)
      }
      const list = `/v2/team/app/referrers/${image.descriptor.digest}`
      return [{ unit: 'ms', value: await repeated(rig, () => listPages(served, list)), most: 100 }]
    },
  },
]

/** Returns the directory of a store with many repositories. */
export function largeStore(rig: Rig): Promise<string> {
  return rig.once('large store', async () => {
    const directory = rig.directory()
    await enterRepositories(directory, 'many', manyRepositories)
    return directory
  })
}

async function startWithSome(rig: Rig): Promise<readonly Served[]> {
  const directories = { strake: rig.directory(), distribution: rig.directory() }
  await enterRepositories(directories.strake, 'some', someRepositories)
  const servers = [await rig.serve({ program: 'strake', directory: directories.strake })]
  if (!rig.hasPeer) return servers
  const peer = await rig.serve({ program: 'distribution', directory: directories.distribution })
  using connection = await connect(peer.port)
  const config = unique(blob('{}').raw)
  await put(connection, 'some/0', config)
  const size = config.parts.reduce((sum, part) => sum + part.length, 0)
  const mediaType = 'application/vnd.oci.image.config.v1+json'
  const { raw, descriptor } = manifest({
    config: { mediaType, digest: config.digest as `sha256:${string}`, size },
  })
  const headers = [`Content-Type: ${descriptor.mediaType}`]
  const request = 'PUT /v2/some/0/manifests/v1'
  expectStatus(await connection.ask(request, { headers, body: [raw] }), 201)
  await copyRepositories(directories.distribution, 'some', someRepositories)
  return [...servers, peer]
}

/** Returns the median of the milliseconds that some work takes. */
async function repeated(rig: Rig, work: () => Promise<readonly number[]>): Promise<number> {
  const times: number[] = []
  for (let round = 0; round < rig.rounds; round += 1) {
    times.push((await work()).reduce((sum, each) => sum + each, 0))
  }
  return median(times)
}

/** Reads the whole catalog some times. Returns the median of the milliseconds of its full pages. */
async function pageTime(served: Served | undefined, times: number): Promise<number> {
  if (served === undefined) return 0
  const pages: number[] = []
  for (let count = 0; count < times; count += 1) {
    pages.push(...(await listPages(served, '/v2/_catalog?n=1000')).slice(0, -1))
  }
  return median(pages)
}

/** Reads a whole list. Returns the milliseconds of each page. */
async function listPages({ port }: Served, path: string): Promise<readonly number[]> {
  const times: number[] = []
  for (let next: string | undefined = path; next !== undefined; ) {
    const started = performance.now()
    const answer: Response = await fetch(`http://127.0.0.1:${port}${next}`)
    await answer.text()
    times.push(performance.now() - started)
    if (!answer.ok) throw new Error(`${next}: ${answer.status}`)
    next = /<([^>]+)>/.exec(answer.headers.get('Link') ?? '')?.[1]
    if (next !== undefined) {
      const url = new URL(next, 'http://localhost')
      next = url.pathname + url.search
    }
  }
  return times
}
