import { blob, manifest } from '../../../src/registry/testing/fixtures.ts'
import { median } from '../../statistics.ts'
import { connect } from '../connection.ts'
import type { Rig } from '../rig.ts'
import type { Row } from '../row.ts'
import { processorTime, type Served } from '../served.ts'
import { openSlowLink } from '../slow-link.ts'
import { expectStatus, put, type Unique, unique } from '../upload.ts'

/** Bytes per second of the link to the upstream: 1 Gbit/s. */
const linkRate = 125_000_000

/** Bytes of the layers of a pulled image. */
const layerSizes = [60_000_000, 30_000_000, 10_000]
const megabytes = layerSizes.reduce((sum, size) => sum + size, 0) / 1e6

export const cacheRows: readonly Row[] = [
  {
    name: 'proxy-cold',
    about: 'pull of an image of 90 MB through a cache that lacks it, by a link of 1 Gbit/s',
    run: (rig) => coldPulls(rig, linkRate),
  },
  {
    name: 'proxy-cold-loopback',
    // No bound: to hash the bytes alone takes longer than to send them over loopback.
    about: 'the same without a limit of the link, with all programs on this machine',
    run: (rig) => coldPulls(rig, undefined),
  },
  {
    name: 'proxy-hit',
    about: 'pull of the image from the cache',
    async run(rig) {
      const { cache, upstream } = await startCache(rig, undefined)
      const image = makeImage()
      await push(upstream, 'app/hit', image)
      await pull(cache, 'up/app/hit', image)
      await push(cache, 'own/hit', image)
      const times = { hit: [] as number[], own: [] as number[] }
      const costs = { hit: 0, own: 0 }
      const measure = async (kind: 'hit' | 'own', name: string): Promise<void> => {
        const before = processorTime(cache.pid)
        times[kind].push(await pull(cache, name, image))
        costs[kind] += processorTime(cache.pid) - before
      }
      for (let round = 0; round < 10 * rig.rounds; round += 1) {
        await measure('hit', 'up/app/hit')
        await measure('own', 'own/hit')
      }
      const [hit, own] = [median(times.hit), median(times.own)]
      return [
        { unit: 'ms', value: hit },
        { unit: 'times that of a pushed image', value: hit / own, most: 1.05 },
        { unit: 'times its processor time', value: costs.hit / costs.own },
      ]
    },
  },
]

interface Cache {
  readonly upstream: Served
  readonly cache: Served
  /** By which clients without a cache come. */
  readonly directPort: number
}

async function startCache(rig: Rig, rate: number | undefined): Promise<Cache> {
  const upstream = await rig.serve({ program: rig.hasPeer ? 'distribution' : 'strake' })
  const link = rate === undefined ? undefined : rig.own(openSlowLink(upstream.port, rate))
  const directPort = link?.port ?? upstream.port
  const cache = await rig.serve({
    program: 'strake',
    config: { proxy: { upstreams: [{ name: 'up', url: `http://127.0.0.1:${directPort}` }] } },
  })
  return { upstream, cache, directPort }
}

async function coldPulls(rig: Rig, rate: number | undefined) {
  const { upstream, cache, directPort } = await startCache(rig, rate)
  const times = { direct: [] as number[], cold: [] as number[] }
  const costs: number[] = []
  for (let round = 0; round < rig.rounds; round += 1) {
    const image = makeImage()
    const name = `app/${round}`
    await push(upstream, name, image)
    times.direct.push(await pull({ port: directPort }, name, image))
    const before = processorTime(cache.pid)
    times.cold.push(await pull(cache, `up/${name}`, image))
    costs.push(processorTime(cache.pid) - before)
  }
  const [direct, cold] = [median(times.direct), median(times.cold)]
  return [
    { unit: 'ms', value: cold },
    {
      unit: "times the upstream's own pull",
      value: cold / direct,
      most: rate === undefined ? undefined : 1.2,
    },
    { unit: 'ms of processor time for a megabyte', value: (median(costs) * 1000) / megabytes },
  ]
}

interface LargeImage {
  readonly blobs: readonly Unique[]
  readonly raw: Uint8Array
  readonly type: string
}

function makeImage(): LargeImage {
  const blobs = [blob('{}').raw, ...layerSizes.map((size) => new Uint8Array(size))].map(unique)
  const [config, ...layers] = blobs.map(({ parts, digest }) => ({
    mediaType: 'application/octet-stream',
    digest: digest as `sha256:${string}`,
    size: parts.reduce((sum, part) => sum + part.length, 0),
  }))
  const { raw, descriptor } = manifest({ ...(config !== undefined && { config }), layers })
  return { blobs, raw, type: descriptor.mediaType }
}

async function push({ port }: Served, repository: string, image: LargeImage): Promise<void> {
  using connection = await connect(port)
  for (const each of image.blobs) await put(connection, repository, each)
  const request = `PUT /v2/${repository}/manifests/v1`
  const headers = [`Content-Type: ${image.type}`]
  expectStatus(await connection.ask(request, { headers, body: [image.raw] }), 201)
}

/** Gets the manifest, and then all blobs at once. Returns milliseconds. */
async function pull(
  { port }: Pick<Served, 'port'>,
  repository: string,
  { blobs, type }: LargeImage,
): Promise<number> {
  const get = async (path: string): Promise<void> => {
    const url = `http://127.0.0.1:${port}/v2/${repository}/${path}`
    const answer = await fetch(url, { headers: { Accept: type } })
    if (!answer.ok) throw new Error(await answer.text())
    for await (const _ of answer.body ?? []);
  }
  const started = performance.now()
  await get('manifests/v1')
  await Promise.all(blobs.map(({ digest }) => get(`blobs/${digest}`)))
  return performance.now() - started
}
