import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { openObjectStore } from '#object-content'
import { fromBuffer, toBuffer } from '#stream'
import { testContentStore } from '../../content/testing/contract.ts'
import { createMemoryBucket } from '../../object-content/testing/memory-bucket.ts'
import { blob } from '../../registry/testing/fixtures.ts'
import { findPostgres, type PostgresServer, startPostgres } from '../testing/postgres-server.ts'
import { openPostgresFacts, type PostgresFacts } from './open.ts'

const programs = findPostgres()

describe.skipIf(programs === undefined)('an index of objects in PostgreSQL', () => {
  let server: PostgresServer
  beforeAll(async () => {
    server = await startPostgres(programs ?? '')
  }, 120_000)
  afterAll(async () => server[Symbol.asyncDispose]())

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
    const meanwhile = async (): Promise<boolean> => {
      expect(await two.has(descriptor)).toBe(false)
      await two.write(descriptor, fromBuffer(raw))
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
