import { afterAll, beforeEach, expect, test } from 'bun:test'
import { mkdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { ownIdentity } from '#platform'
import { openRecords, type Records } from '../records.ts'

const root = `${tmpdir()}/strake-containers-test-${process.pid}`
mkdirSync(root)
let time = 0
let count = 0
let records: Records
let path: string
beforeEach(() => {
  records?.close()
  time = 1000
  path = `${root}/${count++}.db`
  records = openRecords(path, { now: () => time++ })
})
afterAll(() => {
  records.close()
  rmSync(root, { recursive: true })
})

const id = (prefix: string): string => prefix.padEnd(64, '0')
const insert = (prefix: string, name: string): void =>
  records.containers.insert({
    id: id(prefix),
    name,
    image: null,
    config: { argv: ['sh'] },
    state: { status: 'created' },
  })

test('insert() gives a name to only one container, also with several connections', () => {
  insert('ab', 'web')
  expect(() => insert('cd', 'web')).toThrow(
    'Cannot name a container web: the name is already in use by container ab0000000000',
  )
  const other = openRecords(path)
  expect(() =>
    other.containers.insert({ id: id('ef'), name: 'web', image: null, config: {}, state: {} }),
  ).toThrow('is already in use by container')
  other.close()
  expect(records.containers.list()).toHaveLength(1)
})

test('findByNameOrId() prefers the name and refuses an ambiguous prefix of an ID', () => {
  insert('abc1', 'one')
  insert('abc2', 'two')
  insert('fff', 'abc1')
  const find = (text: string): string | undefined => records.containers.findByNameOrId(text)?.name
  expect(find('one')).toBe('one')
  expect(find('abc2')).toBe('two')
  expect(find('abc1')).toBe('abc1')
  expect(find(id('abc1'))).toBe('one')
  expect(() => find('abc')).toThrow('Cannot choose container abc: it is the prefix of several IDs')
  expect(find('nothing')).toBeUndefined()
  expect(find('0')).toBeUndefined()
})

test('update() and updateState() change documents and names', () => {
  insert('a', 'first')
  insert('b', 'second')
  records.containers.update(id('a'), { name: 'renamed', config: { argv: [] } })
  records.containers.updateState(id('a'), (state) => ({ ...state, pid: 7 }))
  expect(records.containers.get(id('a'))).toMatchObject({
    name: 'renamed',
    config: { argv: [] },
    state: { status: 'created', pid: 7 },
  })
  expect(() => records.containers.update(id('a'), { name: 'second' })).toThrow(
    'is already in use by container b0',
  )
  expect(() => records.containers.updateState(id('c'), (state) => state)).toThrow(
    'no such container',
  )
})

const network = (container: string, more: object = {}): string =>
  records.addresses.allocate('bridge', {
    container,
    subnet: '10.0.0.0/29',
    reserved: ['10.0.0.1'],
    ...more,
  })

test('allocate() goes round the subnet, so that a released address is reused late', () => {
  expect(['a', 'b'].map((each) => network(each))).toEqual(['10.0.0.2', '10.0.0.3'])
  records.addresses.release('a')
  expect(['c', 'd', 'e', 'f'].map((each) => network(each))).toEqual([
    '10.0.0.4',
    '10.0.0.5',
    '10.0.0.6',
    '10.0.0.2',
  ])
  expect(() => network('g')).toThrow('all of 10.0.0.0/29 are in use')
  records.addresses.release('d', 'bridge')
  expect(network('g')).toBe('10.0.0.5')
  expect(records.addresses.list('bridge')).toHaveLength(5)
})

test('allocate() returns the requested address, or names its owner', () => {
  expect(network('a', { address: '10.0.0.6' })).toBe('10.0.0.6')
  expect(() => network('b', { address: '10.0.0.6' })).toThrow(
    'Cannot use address 10.0.0.6: a has it',
  )
  expect(() => network('b', { address: '10.0.0.1' })).toThrow('it is reserved')
  expect(() => network('b', { address: '10.0.1.6' })).toThrow('not an address of 10.0.0.0/29')
  expect(() => network('b', { address: '10.0.0.6.7' })).toThrow('not of the form')
  expect(() => network('b', { subnet: '10.0.0.0/40' })).toThrow('Cannot use subnet 10.0.0.0/40')
})

test('remove() releases the addresses of a container', () => {
  insert('a', 'web')
  network(id('a'))
  expect(records.containers.remove(id('a'))).toBe(true)
  expect(records.containers.remove(id('a'))).toBe(false)
  expect(records.addresses.list()).toEqual([])
})

test('releaseGone() releases addresses without a container and a living process', async () => {
  insert('a', 'web')
  network(id('a'))
  network('being-created')
  expect(records.addresses.releaseGone()).toBe(0)
  const { openDatabase } = await import('#platform')
  using database = openDatabase(path)
  database.run('UPDATE addresses SET start_time = ?', `${ownIdentity().startTime}0`)
  expect(records.addresses.releaseGone()).toBe(1)
  expect(records.addresses.list().map(({ container }) => container)).toEqual([id('a')])
})
