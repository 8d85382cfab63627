import { connectPostgres } from '#platform/data/postgres'
import { connectRegistry, type Repository } from '#registry'
import { fromBuffer, toBuffer } from '#stream'
import { blob, type Fixture, manifest, noise } from '../../registry/testing/fixtures.ts'
import { serveRegistry } from '../registry.ts'
import { openReplicatedRegistry } from '../replicated-registry.ts'
import type { ClusterPlace } from './cluster.ts'

/** Statements and object requests. */
export interface Cost {
  readonly queries: number
  readonly objects: number
}

/** What clients of a replica do, and what each of it costs. */
export type Costs = ReadonlyMap<string, Cost>

const layerType = 'application/vnd.oci.image.layer.v1.tar'

/** Fills an empty registry with repositories of one image each, and measures a push into it and a pull. */
export async function measureCosts(place: ClusterPlace, repositories: number): Promise<Costs> {
  const counted = { queries: 0, objects: 0 }
  let time = 0
  await using served = await openReplicatedRegistry({
    bucket: {
      ...place.bucket,
      fetch: (url, init) => {
        counted.objects += 1
        return fetch(url, init)
      },
    },
    database: { url: place.database, connections: 4, onQuery: () => (counted.queries += 1) },
    redirects: false,
    monotonic: () => time,
  })
  await fill(place.database, repositories)
  await using server = await serveRegistry(served, { port: 0 })
  const registry = connectRegistry(new URL(server.url).host, { retry: { attempts: 1 } })
  const costs = new Map<string, Cost>()
  const measure = async (what: string, work: () => Promise<unknown>): Promise<void> => {
    // A replica believes for a second that content is there which it has just seen.
    time += 2000
    Object.assign(counted, { queries: 0, objects: 0 })
    await work()
    costs.set(what, { ...counted })
  }
  const app = registry.repository('measured/app')
  const write = ({ descriptor, raw }: Fixture, to: Repository = app, mountFrom?: string) =>
    to.write(descriptor, fromBuffer(raw), { mountFrom })
  const [small, large] = [blob(noise(5000, 1), layerType), blob(noise(20_000_000, 2), layerType)]
  const config = blob('{"of":"measured"}', 'application/vnd.oci.image.config.v1+json')
  const image = manifest({
    config: config.descriptor,
    layers: [small.descriptor, large.descriptor],
  })
  // The repository and the connections exist before the first measurement.
  await write(config)
  await measure('a layer of 5 kB', () => write(small))
  await measure('a layer of 20 MB', () => write(large))
  await measure('a layer that the repository has', () => write(small))
  await measure('a layer that another repository has', () =>
    write(small, registry.repository('measured/other'), 'measured/app'),
  )
  await measure('a manifest of two layers', () => write(image))
  await measure('a tag', () => app.tag('v1', image.descriptor))
  await measure('a pull of the manifest by its tag', () => app.readManifest('v1'))
  await measure('a pull of a layer of 5 kB', () =>
    toBuffer(app.read(small.descriptor), small.raw.length),
  )
  return costs
}

/** Makes repositories in the tables, each with an image of three blobs and a tag. */
async function fill(url: string, count: number): Promise<void> {
  await using postgres = connectPostgres({ url, connections: 1, timeout: 600_000 })
  const digest = (text: string): string => `'sha256:' || md5(${text}) || md5(${text} || 'b')`
  await postgres.execute(
    `INSERT INTO strake_repositories (name, created_at)
       SELECT 'filled/' || n, 0 FROM generate_series(1, ${count}) n;
     INSERT INTO strake_members (repository, kind, digest, media_type, size, added_at)
       SELECT id, kind, ${digest('name || kind')}, 'a/b', 1000, 0
       FROM strake_repositories CROSS JOIN generate_series(0, 1) kind;
     INSERT INTO strake_tags (repository, name, digest, moved_at)
       SELECT id, 'v1', ${digest("name || '1'")}, 0 FROM strake_repositories;
     INSERT INTO strake_objects (digest, key, size, used_at)
       SELECT digest, 'blobs/' || digest, 1000, 0 FROM strake_members ON CONFLICT DO NOTHING;
     ANALYZE`,
  )
}
