import { expect, test } from 'bun:test'
import { openObjectStore } from '#object-content'
import { connectPostgres } from '#platform/data/postgres'
import { fromBuffer, toBuffer } from '#stream'
import { createMemoryBucket } from '../../object-content/testing/memory-bucket.ts'
import { blob, manifest } from '../../registry/testing/fixtures.ts'
import { describePostgres } from '../testing/describe-postgres.ts'
import { migrate } from './migrate.ts'
import { openPostgresFacts } from './open.ts'
import { steps } from './schema.ts'
import { EarlierReplica } from './testing/earlier-replica.ts'

/** Steps of the schema that the earlier version knows. */
const earlierSteps = 2

const layer = blob('layer')
const target = manifest({ layers: [layer.descriptor] })
const hour = 3_600_000

describePostgres('replicas of two versions', (server) => {
  /** A database of the earlier version, with a replica of it. */
  const openEarlier = async () => {
    const url = await server.createDatabase()
    const clock = { at: 1_000_000 }
    const postgres = connectPostgres({ url, connections: 2 })
    await migrate(postgres, steps.slice(0, earlierSteps))
    const earlier = new EarlierReplica(postgres, () => clock.at)
    return {
      clock,
      earlier,
      postgres,
      openNewer: () => openPostgresFacts({ url, connections: 2, now: () => clock.at }),
      [Symbol.asyncDispose]: () => postgres[Symbol.asyncDispose](),
    }
  }

  test('see the same members and tags, each of what the other writes', async () => {
    await using place = await openEarlier()
    const { earlier, clock } = place
    await earlier.addBlob('app', layer.descriptor)
    await using newer = await place.openNewer()
    const app = newer.repository('app')
    expect(await app.find('blob', layer.descriptor.digest)).toBeDefined()
    await earlier.addManifest('app', target.descriptor, [layer.descriptor.digest])
    const { digest } = target.descriptor
    expect(await app.setTag('v1', digest, { onlyHeld: true })).toBe('done')
    expect(await earlier.setTag('app', 'v2', digest)).toBe(true)
    expect(await app.remove('manifest', digest, { onlyTags: ['v1'] })).toEqual(['v2'])
    expect(await earlier.setTag('app', 'v2', null)).toBe(true)
    expect(await app.setTag('v1', undefined, { from: digest })).toBe('done')
    clock.at += hour
    expect(await earlier.removeFree(clock.at)).toHaveLength(1)
    clock.at += hour
    const limits = { manifest: clock.at, blob: clock.at }
    expect(await newer.collection.removeFree(limits, 10)).toHaveLength(1)
    await earlier.addManifest('app', target.descriptor, [])
    await app.setTag('v3', digest)
    await earlier.remove('app', 1, digest)
    expect(await app.findTag('v3')).toBeUndefined()
  })

  test('collect content beside each other', async () => {
    await using place = await openEarlier()
    const { earlier, clock } = place
    const { descriptor, raw } = layer
    const object = { ...descriptor, key: 'blobs/earlier' }
    await earlier.putObject(object)
    await using newer = await place.openNewer()
    const bucket = createMemoryBucket()
    bucket.objects.set(object.key, raw)
    const store = openObjectStore(bucket, newer.objects, () => clock.at)
    expect(await store.has(descriptor)).toBe(true)
    // Nothing held it before the upgrade, and the newer version has noted that.
    clock.at += hour
    expect(await earlier.listUnheld(clock.at)).toEqual([descriptor.digest])
    await earlier.forgetUnheld([descriptor.digest])
    await earlier.addBlob('a', descriptor)
    await earlier.noteUnheld([descriptor.digest])
    const [claim] = await newer.collection.claimUnheld(clock.at + 1, 10)
    expect(claim).toMatchObject({ digest: descriptor.digest, isHeld: true })
    await newer.collection.forgetUnheld(claim === undefined ? [] : [claim])
    // The earlier version hides for as long as it wants; the newer one uses the object again.
    await earlier.hide(descriptor.digest)
    expect(await store.has(descriptor)).toBe(true)
    await earlier.removeObject(object)
    expect(await toBuffer(store.read(descriptor), raw.length)).toEqual(raw)
    const other = blob('other')
    await store.write(other.descriptor, fromBuffer(other.raw))
    expect(await earlier.use(other.descriptor.digest)).toBeDefined()
    expect(await earlier.putObject({ ...other.descriptor, key: 'blobs/second' })).not.toBe(
      'blobs/second',
    )
    await store.sweep(hour)
    expect(bucket.objects.size).toBe(2)
  })

  test('continue an upload that the other has begun', async () => {
    await using place = await openEarlier()
    const { earlier, clock } = place
    await using newer = await place.openNewer()
    const bucket = createMemoryBucket()
    const store = openObjectStore(bucket, newer.objects, () => clock.at)
    const { descriptor, raw } = blob('begun by the earlier version')
    bucket.objects.set('blobs/tail', raw.subarray(0, 10))
    const tail = { key: 'blobs/tail', size: 10 }
    const state = { id: 'u1', algorithm: 'sha256', key: 'blobs/begun', parts: [], tail, size: 10 }
    expect(await earlier.putIngest('u1', { ...state, version: 1 }, 1)).toBe(true)
    await using ingest = await store.ingest({ id: 'u1' })
    expect(ingest.size).toBe(10)
    await ingest.append(fromBuffer(raw.subarray(10)))
    // The earlier version was slower, and has to begin again.
    expect(await earlier.putIngest('u1', { ...state, version: 2 }, 2)).toBe(false)
    expect(await ingest.commit(descriptor.digest)).toBe(descriptor.digest)
    await store.sweep(hour)
    expect(bucket.objects.size).toBe(1)
    await earlier.putUpload('s1', { id: 's1', repository: 'app', owner: 'a', usedAt: clock.at })
    expect(await newer.uploads.find('s1')).toMatchObject({ repository: 'app' })
  })

  test('complete the schema together, each step once', async () => {
    await using place = await openEarlier()
    const opened = await Promise.all(Array.from({ length: 4 }, () => place.openNewer()))
    const rows = await place.postgres.query('SELECT step FROM strake_schema ORDER BY step')
    expect(rows.map(({ step }) => Number(step))).toEqual(steps.map((_, step) => step))
    for (const each of opened) await each[Symbol.asyncDispose]()
  })
})
