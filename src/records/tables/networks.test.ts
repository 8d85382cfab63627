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

const idOf = (digit: string): string => digit.repeat(64)

const network = {
  id: idOf('a'),
  name: 'back',
  driver: 'bridge',
  ipv4: { subnet: '10.1.0.0/16', gateway: '10.1.0.1', ipRange: undefined },
  ipv6: null,
  auxiliary: { router: '10.1.0.9' },
  isInternal: true,
  labels: { a: '1' },
  options: { mtu: '1400' },
  traits: {},
}

test('insert() stores a network, and refuses a second one with that name', () => {
  records.networks.insert(network)
  expect(records.networks.get('back')).toEqual({ ...network, createdAt: 1000 })
  expect(() => records.networks.insert(network)).toThrow(
    'Cannot create network back: network with name back already exists',
  )
})

test('list() is sorted by name, and remove() removes a network', () => {
  for (const name of ['b', 'a']) records.networks.insert({ ...network, id: idOf(name), name })
  expect(records.networks.list().map(({ name }) => name)).toEqual(['a', 'b'])
  expect(records.networks.remove('a')).toBe(true)
  expect(records.networks.remove('a')).toBe(false)
})

test('find() takes a name, an ID, or the only beginning of an ID', () => {
  const second = { ...network, id: `a${'b'.repeat(63)}`, name: 'front' }
  for (const one of [network, second]) records.networks.insert(one)
  const found = ['back', network.id, 'ab', 'nope', 'b'].map((text) => records.networks.find(text))
  expect(found.map((one) => one?.name)).toEqual(['back', 'back', 'front', undefined, undefined])
  expect(() => records.networks.find('a')).toThrow('it is the prefix of several IDs')
})
