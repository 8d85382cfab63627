import { fromBuffer } from '#stream'
import type { StandInBucket } from '../../../../objects/testing/s3-server.ts'
import { emptyConfig, type Fixture, manifest } from '../../../../registry/testing/fixtures.ts'
import {
  openReplicatedRegistry,
  type ReplicatedRegistry,
} from '../../../../server/replicated-registry.ts'
import { type Cluster, writeReplicaConfig } from '../../../../server/testing/cluster.ts'
import { openTestEngine, type TestEngine } from '../../../testing/fixture.ts'

/** A new registry in a bucket, and its configuration file for commands. */
export interface TestReplica extends AsyncDisposable {
  readonly engine: TestEngine
  readonly served: ReplicatedRegistry
  readonly config: string
  readonly objects: StandInBucket['objects']
  /** Pushes an image of layers, and returns its manifest. */
  push(repository: string, tag: string, layers: readonly Fixture[]): Promise<Fixture>
}

export async function openTestReplica(cluster: Cluster): Promise<TestReplica> {
  const { bucket, database } = await cluster.createPlace()
  const opened = new AsyncDisposableStack()
  const engine = opened.use(await openTestEngine())
  const served = opened.use(
    await openReplicatedRegistry({ bucket, database: { url: database }, redirects: false }),
  )
  const config = await writeReplicaConfig(engine.directory, { bucket, database })
  return {
    engine,
    served,
    config,
    objects: cluster.s3.bucket(bucket.bucket).objects,
    async push(name, tag, layers) {
      const image = manifest({ layers: layers.map(({ descriptor }) => descriptor) })
      const repository = served.registry.repository(name)
      for (const { descriptor, raw } of [emptyConfig, ...layers, image]) {
        await repository.write(descriptor, fromBuffer(raw))
      }
      await repository.tag(tag, image.descriptor)
      return image
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}
