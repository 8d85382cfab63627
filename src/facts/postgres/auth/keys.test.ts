import { expect, test } from 'bun:test'
import { describePostgres } from '../../testing/describe-postgres.ts'
import { openPostgresFacts } from '../open.ts'

describePostgres('signing keys of replicas', (server) => {
  test('rotate() adds one key, whoever comes first, and drops old ones', async () => {
    const url = await server.createDatabase()
    await using facts = await openPostgresFacts({ url, connections: 8 })
    const { keys } = facts
    expect(await keys.list()).toEqual([])
    const limits = { newestBefore: 0, dropBefore: 0 }
    const found = await Promise.all(
      Array.from({ length: 8 }, (_, count) =>
        keys.rotate({ id: `k${count}`, jwk: '{}', madeAt: 1000 + count }, limits),
      ),
    )
    const [first] = await keys.list()
    expect(found).toEqual(found.map(() => (first === undefined ? [] : [first])))
    const next = { id: 'next', jwk: '{"next":true}', madeAt: 5000 }
    const both = await keys.rotate(next, { newestBefore: 4000, dropBefore: 500 })
    expect(both).toEqual([next, ...(first === undefined ? [] : [first])])
    const last = { id: 'last', jwk: '{}', madeAt: 9000 }
    expect(await keys.rotate(last, { newestBefore: 8000, dropBefore: 2000 })).toEqual([last, next])
    expect(await keys.list()).toEqual([last, next])
  })
})
