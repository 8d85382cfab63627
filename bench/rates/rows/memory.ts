import { connect } from '../connection.ts'
import { fill, largePath, manifestPath, smallPath } from '../content.ts'
import { load } from '../load.ts'
import type { Rig } from '../rig.ts'
import type { Row } from '../row.ts'
import { peakMegabytes, type Served } from '../served.ts'
import { patch, put, unique } from '../upload.ts'
import { pushImages } from './uploads.ts'

/** The most that a server may use, in megabytes. */
const most = 150
const clients = 200

/** The largest resident size of a server under everything that the other rows do, one after the other. */
export const memoryRows: readonly Row[] = [
  {
    name: 'memory',
    about: 'the most memory so far after each load',
    async run(rig) {
      const served = await rig.serve({ program: 'strake' })
      await fill(served)
      const figures = [{ unit: 'MB filled', value: peakMegabytes(served), most }]
      for (const [what, work] of loads(rig, served)) {
        await work()
        figures.push({ unit: `MB ${what}`, value: peakMegabytes(served), most })
      }
      return figures
    },
  },
]

function loads(rig: Rig, served: Served): readonly (readonly [string, () => Promise<unknown>])[] {
  const { seconds } = rig
  const { port } = served
  const get = (path: string, connections: number) => () =>
    load(served, { request: `GET ${path}`, connections, seconds })
  const send = (work: typeof put) => async (): Promise<void> => {
    using connection = await connect(port)
    await work(connection, 'team/large', unique(new Uint8Array(100_000_000)))
  }
  return [
    ['manifests, 64 connections', get(manifestPath, 64)],
    ['blobs of 1 KiB, 64 connections', get(smallPath, 64)],
    ['blobs of 100 MB, 8 clients', get(largePath, 8)],
    ['PUT of 100 MB', send(put)],
    ['PATCH of 100 MB', send(patch)],
    ['500 small images, 16 at a time', () => pushImages(served, 0)],
    [`${clients} uploads of 5 MB at once`, () => uploadAtOnce(served)],
    [`${clients} readers that stop reading`, () => stopReading(served)],
  ]
}

async function uploadAtOnce({ port }: Served): Promise<void> {
  const rest = new Uint8Array(5_000_000)
  const blobs = Array.from({ length: clients }, () => unique(rest))
  await Promise.all(
    blobs.map(async (blob) => {
      using connection = await connect(port)
      await put(connection, 'team/many', blob)
    }),
  )
}

/** Milliseconds for which the readers do not read. */
const silence = 3000

async function stopReading({ port }: Served): Promise<void> {
  const request = `GET ${largePath} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`
  const sockets = await Promise.all(
    Array.from({ length: clients }, () =>
      Bun.connect({
        hostname: '127.0.0.1',
        port,
        socket: {
          open(socket) {
            socket.write(request)
            socket.pause()
          },
          data() {},
        },
      }),
    ),
  )
  await Bun.sleep(silence)
  for (const socket of sockets) socket.terminate()
}
