import { expect, test } from 'bun:test'
import { openObjectStore } from '#object-content'
import { fromBuffer, toBuffer } from '#stream'
import { testContentStore } from '../../content/testing/contract.ts'
import { createMemoryBucket } from '../../object-content/testing/memory-bucket.ts'
import { blob } from '../../registry/testing/fixtures.ts'
import { describePostgres } from '../testing/describe-postgres.ts'
import { openPostgresFacts, type PostgresFacts } from './open.ts'

describePostgres('an index of objects in PostgreSQL', (server) => {
  const open = async (): Promise<PostgresFacts> =>
    openPostgresFacts({ url: await server.createDatabase(), connections: 4 })

  testContentStore('openObjectStore() over PostgreSQL', async () => {
    const facts = await open()
    return {
      store: openObjectStore(createMemoryBucket(), facts.objects),
      [Symbol.asyncDispose]: () => facts[Symbol.asyncDispose](),
    }
  })

  test('a blob that is written again while a collection decides about it stays', async () => {
    await using facts = await open()
    const bucket = createMemoryBucket()
    const [one, two] = [
      openObjectStore(bucket, facts.objects),
      openObjectStore(bucket, facts.objects),
    ]
    const { descriptor, raw } = blob('needed')
    await one.write(descriptor, fromBuffer(raw))
    let checks = 0
    const meanwhile = async (): Promise<boolean> => {
      checks += 1
      expect(await two.has(descriptor)).toBe(checks === 1)
      if (checks === 2) await two.write(descriptor, fromBuffer(raw))
      return false
    }
    await one.deleteUnless(descriptor.digest, meanwhile)
    await one.sweep(1_000_000)
    expect(await toBuffer(two.read(descriptor), raw.length)).toEqual(raw)
    expect(bucket.objects.size).toBe(1)
    expect(await one.deleteUnless(descriptor.digest, () => true)).toBe(false)
    expect(await two.has(descriptor)).toBe(true)
    expect(await one.deleteUnless(descriptor.digest, () => false)).toBe(true)
    await two.sweep(1_000_000)
    expect(bucket.objects.size).toBe(0)
  })

  test('a blob that a collection hid before it was killed is found again after a minute', async () => {
    let time = 1_000_000
    const url = await server.createDatabase()
    await using facts = await openPostgresFacts({ url, connections: 2, now: () => time })
    const bucket = createMemoryBucket()
    const store = openObjectStore(bucket, facts.objects, () => time)
    const { descriptor, raw } = blob('hidden')
    await store.write(descriptor, fromBuffer(raw))
    const hidden = await facts.objects.hide(descriptor.digest)
    expect(await store.has(descriptor)).toBe(false)
    expect(await facts.objects.hide(descriptor.digest)).toBeUndefined()
    time += 60_001
    expect(await store.has(descriptor)).toBe(true)
    // The collection was not killed, only slow: it may not delete it any more.
    if (hidden !== undefined) await facts.objects.remove(hidden)
    expect(await toBuffer(store.read(descriptor), raw.length)).toEqual(raw)
    await facts.objects.hide(descriptor.digest)
    time += 60_001
    const { digest } = descriptor
    expect(await facts.objects.hide(digest)).toMatchObject({ digest })
  })

  test('content of two repositories that both drop it at the same time is noted', async () => {
    let time = 1_000_000
    const url = await server.createDatabase()
    await using one = await openPostgresFacts({ url, connections: 4, now: () => time })
    const { descriptor } = blob('dropped')
    for (let round = 0; round < 30; round += 1) {
      const names = [`a/${round}`, `b/${round}`]
      for (const name of names) await one.repository(name).add({ kind: 'blob', descriptor })
      await Promise.all(names.map((name) => one.repository(name).remove('blob', descriptor.digest)))
      time += 10
      const claims = await one.collection.claimUnheld(time, 10)
      expect(claims).toMatchObject([{ digest: descriptor.digest, isHeld: false }])
      await one.collection.forgetUnheld(claims)
    }
  })

  test('an object that ends up without a repository is noted when it is recorded', async () => {
    let time = 1_000_000
    const url = await server.createDatabase()
    await using facts = await openPostgresFacts({ url, connections: 2, now: () => time })
    const store = openObjectStore(createMemoryBucket(), facts.objects, () => time)
    const { descriptor, raw } = blob('never linked')
    await store.write(descriptor, fromBuffer(raw))
    time += 1
    expect(await facts.collection.claimUnheld(time, 10)).toMatchObject([
      { digest: descriptor.digest, isHeld: false },
    ])
  })

  test('many writers of one blob leave one object', async () => {
    await using facts = await open()
    const bucket = createMemoryBucket()
    const { descriptor, raw } = blob('shared')
    const stores = Array.from({ length: 8 }, () => openObjectStore(bucket, facts.objects))
    await Promise.all(stores.map((store) => store.write(descriptor, fromBuffer(raw))))
    await stores[0]?.sweep(1_000_000)
    expect(bucket.objects.size).toBe(1)
    expect(await Array.fromAsync(stores[1]?.list() ?? [])).toMatchObject([
      { digest: descriptor.digest, size: raw.length },
    ])
  })
})
