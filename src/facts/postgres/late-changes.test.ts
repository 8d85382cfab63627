import { expect, test } from 'bun:test'
import { connectPostgres } from '#platform/data/postgres'
import { blob, manifest } from '../../registry/testing/fixtures.ts'
import { describePostgres } from '../testing/describe-postgres.ts'
import { openPostgresFacts } from './open.ts'

const layer = blob('layer')
const [one, two] = ['1', '2'].map((version) =>
  manifest({ layers: [layer.descriptor], annotations: { version } }),
)
if (one === undefined || two === undefined) throw new TypeError('two manifests')
const later = two.descriptor

describePostgres('a database that is frozen', (server) => {
  test('does not do afterwards what it did not answer: newer changes stay', async () => {
    const url = await server.createDatabase()
    await using first = await openPostgresFacts({ url, connections: 1, timeout: 1000 })
    await using second = await openPostgresFacts({ url, connections: 1 })
    const [app, other] = [first.repository('app'), second.repository('app')]
    for (const { descriptor } of [one, two]) await app.add({ kind: 'manifest', descriptor })
    await app.setTag('v1', one.descriptor.digest)
    await first.users.add({ name: 'alice', hash: 'old' })
    const changes = [
      () => first.users.replace({ name: 'alice', hash: 'stolen' }),
      () => first.users.remove('alice'),
      () => app.setTag('v1', one.descriptor.digest),
      () => app.setTag('v1', undefined),
      () => app.remove('manifest', later.digest),
      () => app.add({ kind: 'manifest', descriptor: one.descriptor }),
      () => first.forget('app'),
    ]
    for (const change of changes) {
      const [{ pid } = {}] = await first.postgres.query('SELECT pg_backend_pid() AS pid')
      process.kill(Number(pid), 'SIGSTOP')
      await expect(change()).rejects.toMatchObject({ code: 'UNAVAILABLE' })
      // A client that was refused goes on with another replica.
      await other.remove('manifest', one.descriptor.digest)
      await other.add({ kind: 'manifest', descriptor: later })
      await other.setTag('v1', later.digest)
      await second.users.replace({ name: 'alice', hash: 'new' })
      process.kill(Number(pid), 'SIGCONT')
      // It is answered after everything that came before it on the connection.
      await first.postgres.query('SELECT 1')
      expect(await other.findTag('v1')).toBe(later.digest)
      expect(await other.find('manifest', later.digest)).toBeDefined()
      expect(await other.find('manifest', one.descriptor.digest)).toBeUndefined()
      expect(await second.users.list()).toEqual([{ name: 'alice', hash: 'new' }])
    }
  }, 60_000)

  test('fails statements and transactions in time, and statements that wait are dropped', async () => {
    const url = await server.createDatabase()
    await using postgres = connectPostgres({ url, connections: 2, timeout: 1000 })
    await postgres.execute('CREATE TABLE rows (value integer)')
    server.freeze()
    const began = Date.now()
    const insert = (): Promise<unknown> => postgres.query('INSERT INTO rows VALUES (1)')
    const all = await Promise.allSettled([
      postgres.transaction(insert),
      ...Array.from({ length: 100 }, insert),
      postgres.transaction(async (query) => query('INSERT INTO rows VALUES (2)')),
    ])
    expect(Date.now() - began).toBeLessThan(10_000)
    for (const each of all) {
      expect(each).toMatchObject({ status: 'rejected', reason: { code: 'UNAVAILABLE' } })
    }
    server.thaw()
    await Bun.sleep(500)
    const [row] = await postgres.query('SELECT count(*)::integer AS count FROM rows')
    expect(Number(row?.['count'])).toBeLessThan(20)
  }, 60_000)
})
