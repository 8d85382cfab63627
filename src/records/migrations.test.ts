import { expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { migrate, openDatabase } from '#platform'
import { migrations } from './migrations.ts'
import { openRecords } from './records.ts'

test('migrate() keeps networks of a store from before IPv6', () => {
  const directory = mkdtempSync(`${tmpdir()}/strake-migrations-`)
  const path = `${directory}/strake.db`
  const id = 'a'.repeat(64)
  try {
    const before = migrations.findIndex((step) => step.includes('networks_of_two_families'))
    const database = openDatabase(path)
    migrate(database, { steps: migrations.slice(0, before) })
    for (const range of ['NULL', "'10.1.2.0/24'"]) {
      database.execute(`
        INSERT INTO networks VALUES ('net${range.length}', '${id.slice(range.length)}', 5, 'bridge',
          '10.1.0.0/16', '10.1.0.1', ${range}, '{"router":"10.1.0.9"}', 1, '{"a":"b"}', '{}')`)
    }
    database.close()
    const records = openRecords(path)
    const networks = records.networks.list()
    records.close()
    const rest = { createdAt: 5, driver: 'bridge', isInternal: true, ipv6: null, traits: {} }
    expect(networks).toMatchObject([
      { ...rest, ipv4: { subnet: '10.1.0.0/16', gateway: '10.1.0.1', ipRange: '10.1.2.0/24' } },
      { ...rest, ipv4: { subnet: '10.1.0.0/16', gateway: '10.1.0.1' }, labels: { a: 'b' } },
    ])
    expect(networks[1]?.ipv4?.ipRange).toBeUndefined()
  } finally {
    rmSync(directory, { recursive: true })
  }
})
