import { utimesSync } from 'node:fs'
import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { openDirectoryStore } from '../../src/content/index.ts'
import { openSqliteFacts } from '../../src/facts/index.ts'
import { blob, emptyConfig, manifest } from '../../src/registry/testing/fixtures.ts'
import { fromBuffer } from '../../src/stream/index.ts'
import { dataOf } from './served.ts'

const day = 86_400_000

/** Repositories that are entered together. */
const step = 1000

/** Enters repositories `NAME/0`, `NAME/1` and so on, each with a tag, into the facts of a server that does not run. */
export async function enterRepositories(
  directory: string,
  name: string,
  count: number,
): Promise<void> {
  const data = dataOf(directory)
  await openDirectoryStore(data)
  await using facts = await openSqliteFacts(join(data, 'repositories'))
  const { descriptor } = manifest()
  for (let first = 0; first < count; first += step) {
    const own = Array.from({ length: Math.min(step, count - first) }, (_, index) =>
      facts.repository(`${name}/${first + index}`),
    )
    await Promise.all(
      own.flatMap((each) => [
        each.add({ kind: 'manifest', descriptor }),
        each.setTag('v1', descriptor.digest),
      ]),
    )
  }
}

/** Copies the repository `NAME/0` of distribution to `NAME/1` and so on. */
export async function copyRepositories(
  directory: string,
  name: string,
  count: number,
): Promise<void> {
  const place = join(dataOf(directory), 'docker/registry/v2/repositories', name)
  for (let first = 1; first < count; first += step) {
    const own = Array.from({ length: Math.min(step, count - first) }, (_, index) => first + index)
    await Promise.all(own.map((each) => cp(`${place}/0`, `${place}/${each}`, { recursive: true })))
  }
}

/**
 * Stores images without a tag that were pushed two days ago, each with a layer of its own, so that a
 * collection has much to remove.
 */
export async function storeForgotten(directory: string, count: number): Promise<void> {
  const data = dataOf(directory)
  const store = await openDirectoryStore(data)
  const then = Date.now() - 2 * day
  await using facts = await openSqliteFacts(join(data, 'repositories'), { now: () => then })
  const stored = async ({ descriptor, raw }: ReturnType<typeof blob>): Promise<void> => {
    await store.write(descriptor, fromBuffer(raw))
    utimesSync(store.pathOf(descriptor.digest), then / 1000, then / 1000)
  }
  await stored(emptyConfig)
  for (let first = 0; first < count; first += step / 10) {
    const own = Array.from({ length: step / 10 }, async (_, index) => {
      const layer = blob(`layer ${first + index}`)
      const image = manifest({ layers: [layer.descriptor] })
      const repository = facts.repository(`forgotten/${(first + index) % 50}`)
      await stored(layer)
      await stored(image)
      await repository.add({ kind: 'blob', descriptor: layer.descriptor })
      await repository.add({
        kind: 'manifest',
        descriptor: image.descriptor,
        names: [layer.descriptor.digest],
      })
    })
    await Promise.all(own)
  }
}
