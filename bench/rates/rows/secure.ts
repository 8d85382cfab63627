import {
  canCertify,
  makeAuthority,
  makeCertificate,
} from '../../../src/server/testing/certificates.ts'
import { largePath, manifestPath } from '../content.ts'
import { load } from '../load.ts'
import type { Rate, Rig } from '../rig.ts'
import type { Figure, Row } from '../row.ts'
import { dataOf, type Served } from '../served.ts'
import { megabytesOf } from './requests.ts'

/** What encryption costs: the same store by HTTPS and by HTTP. */
export const secureRows: readonly Row[] = canCertify
  ? [
      ...[8, 64].map((connections) => ({
        name: `tls-manifest-${connections}`,
        about: `GET of a manifest by its tag over HTTPS, ${connections} connections`,
        async run(rig: Rig) {
          const request = `GET ${manifestPath}`
          const rates = await rig.compare(await both(rig), (served) =>
            load(served, { request, connections, seconds: rig.seconds }),
          )
          return besidePlain(rates, 'per second', 0.75)
        },
      })),
      {
        name: 'tls-blob-100m',
        about: 'GET of a blob of 100 MB over HTTPS, 8 clients',
        async run(rig) {
          const request = `GET ${largePath}`
          const rates = await rig.compare(await both(rig), async (served) =>
            megabytesOf(await load(served, { request, connections: 8, seconds: rig.seconds })),
          )
          return besidePlain(rates, 'MB/s', 0.5)
        },
      },
    ]
  : []

/** Returns a server with HTTPS and one without it, over the same content. */
async function both(rig: Rig): Promise<readonly Served[]> {
  const [plain] = await rig.servers()
  if (plain === undefined) throw new Error('no server runs')
  return [await rig.once('secure', () => startSecure(rig, plain)), plain]
}

function startSecure(rig: Rig, plain: Served): Promise<Served> {
  const directory = rig.directory()
  const authority = makeAuthority(directory)
  const names = 'IP:127.0.0.1'
  const files = makeCertificate(directory, authority, {
    name: 'server',
    subject: '/CN=bench',
    names,
  })
  const storage = { directory: dataOf(plain.directory) }
  return rig.serve({ program: 'strake', directory, config: { tls: files, storage } })
}

function besidePlain(
  [ours, plain]: readonly Rate[],
  unit: string,
  least: number,
): readonly Figure[] {
  if (ours === undefined || plain === undefined) return []
  return [
    { unit, value: ours.rate },
    { unit: 'times HTTP', value: ours.rate / plain.rate, least },
    { unit: "times HTTP's processor time", value: ours.cost / plain.cost },
  ]
}
