import { afterAll, beforeEach, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { openRecords, type Records } from '../records.ts'

const root = mkdtempSync(`${tmpdir()}/strake-networks-`)
let count = 0
let records: Records

beforeEach(() => {
  records?.close()
  records = openRecords(`${root}/${count++}.db`, { now: () => 1000 })
})

afterAll(() => {
  records.close()
  rmSync(root, { recursive: true })
})

const network = {
  name: 'back',
  driver: 'bridge',
  subnet: '10.1.0.0/16',
  gateway: null,
  labels: { a: '1' },
  options: { mtu: '1400' },
}

test('insert() stores a network, and refuses a second one with that name', () => {
  records.networks.insert(network)
  expect(records.networks.get('back')).toEqual({ ...network, createdAt: 1000 })
  expect(() => records.networks.insert(network)).toThrow(
    'Cannot create network back: the name is taken',
  )
})

test('list() is sorted by name, and remove() removes a network', () => {
  for (const name of ['b', 'a']) records.networks.insert({ ...network, name, subnet: null })
  expect(records.networks.list().map(({ name }) => name)).toEqual(['a', 'b'])
  expect(records.networks.remove('a')).toBe(true)
  expect(records.networks.remove('a')).toBe(false)
})
