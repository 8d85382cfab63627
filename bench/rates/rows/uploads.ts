import { type Connection, connect } from '../connection.ts'
import { beside, type Rate, type Rig, type Sample } from '../rig.ts'
import type { Row } from '../row.ts'
import type { Served } from '../served.ts'
import { makeSmallImage, patch, pushImage, put, type Unique, unique } from '../upload.ts'

const large = new Uint8Array(100_000_000).fill(0x5a)
const images = 500
const parallel = 16

export const uploadRows: readonly Row[] = [
  upload('put-100m', { about: 'PUT of a blob of 100 MB', send: put }),
  upload('patch-100m', { about: 'PATCH of a blob of 100 MB in chunks of 5 MB', send: patch }),
  {
    name: 'push-500',
    about: `push of ${images} small images, ${parallel} at a time`,
    async run(rig) {
      const rates = await rig.compare(await rig.servers(), pushImages)
      const own = rates.slice(0, 1).map((rate) => milliseconds(rate, 3))
      return [...beside(rates, { unit: 'per second', ratio: 1.2 }), ...own]
    },
  },
]

function upload(
  name: string,
  {
    about,
    send,
  }: {
    readonly about: string
    send(connection: Connection, repository: string, blob: Unique): Promise<void>
  },
): Row {
  return {
    name,
    about,
    async run(rig: Rig) {
      const rates = await rig.compare(await rig.servers(), async ({ port }) => {
        const blob = unique(large)
        using connection = await connect(port)
        const started = performance.now()
        await send(connection, 'team/large', blob)
        const megabytes = large.length / 1e6
        return { rate: megabytes / ((performance.now() - started) / 1000), count: megabytes }
      })
      return beside(rates, { unit: 'MB/s', least: 500, ratio: 1 })
    },
  }
}

/** Pushes images of their own. */
export async function pushImages({ port }: Pick<Served, 'port'>, round: number): Promise<Sample> {
  const made = Array.from({ length: images }, makeSmallImage)
  let next = 0
  const worker = async (): Promise<void> => {
    using connection = await connect(port)
    for (let own = next++; own < images; own = next++) {
      const image = made[own]
      if (image !== undefined) await pushImage(connection, `push/${round}-${own}`, image)
    }
  }
  const started = performance.now()
  await Promise.all(Array.from({ length: parallel }, worker))
  return { rate: images / ((performance.now() - started) / 1000), count: images }
}

function milliseconds({ cost }: Rate, most: number) {
  return { unit: 'ms of processor time each', value: cost * 1000, most }
}
