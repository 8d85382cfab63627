import { expect, test } from 'bun:test'
import {
  addressBytes,
  contains,
  formatAddress,
  formatSubnet,
  lastAddress,
  macBytes,
  macOf,
  overlaps,
  parseAddress,
  parseSubnet,
  type Subnet,
  subnetOf,
} from './ipv4.ts'

const subnet = (text: string): Subnet => {
  const parsed = parseSubnet(text)
  if (parsed === undefined) throw new Error(text)
  return parsed
}

test('parseAddress() and formatAddress() are inverses up to the last address', () => {
  for (const text of ['0.0.0.0', '10.89.0.1', '127.0.0.1', '192.168.1.255', '255.255.255.255']) {
    expect(formatAddress(parseAddress(text) ?? Number.NaN)).toBe(text)
  }
})

test('parseAddress() refuses octal, short and negative forms', () => {
  for (const text of [
    '',
    '1.2.3',
    '1.2.3.4.5',
    '010.0.0.1',
    '1.2.3.256',
    '1.2.3.-4',
    '::1',
    '1.2.3.4 ',
  ]) {
    expect(parseAddress(text)).toBeUndefined()
  }
})

test('parseSubnet() refuses host bits and prefixes beyond 32', () => {
  expect(formatSubnet(subnet('10.89.0.0/16'))).toBe('10.89.0.0/16')
  expect(formatSubnet(subnet('0.0.0.0/0'))).toBe('0.0.0.0/0')
  for (const text of [
    '10.89.0.1/16',
    '10.0.0.0',
    '10.0.0.0/33',
    '0.0.0.0/33',
    '0.0.0.0/99',
    '10.0.0.0/8/8',
    '10.0.0.0/',
  ]) {
    expect(parseSubnet(text)).toBeUndefined()
  }
})

test('overlaps() holds when one block is inside the other, whatever the order', () => {
  const wide = subnet('10.0.0.0/8')
  const narrow = subnet('10.89.3.0/24')
  expect(overlaps(wide, narrow)).toBeTrue()
  expect(overlaps(narrow, wide)).toBeTrue()
  expect(overlaps(narrow, subnet('10.89.4.0/24'))).toBeFalse()
})

test('contains() and lastAddress() agree about the upper half of the address space', () => {
  const block = subnet('192.168.0.0/16')
  expect(formatAddress(lastAddress(block))).toBe('192.168.255.255')
  expect(contains(block, lastAddress(block))).toBeTrue()
  expect(contains(block, lastAddress(block) + 1)).toBeFalse()
  const all = subnet('0.0.0.0/0')
  expect(formatAddress(lastAddress(all))).toBe('255.255.255.255')
  for (const address of [0, 2 ** 31, 2 ** 32 - 1]) expect(contains(all, address)).toBeTrue()
  expect(subnetOf(lastAddress(block), 16)).toEqual(block)
})

test('macOf() derives a local unicast address from the IP', () => {
  expect(macOf(addressBytes('10.89.0.17'))).toBe('02:42:0a:59:00:11')
  expect([...macBytes('02:42:0a:59:00:11')]).toEqual([2, 0x42, 10, 89, 0, 17])
  expect([...addressBytes('10.89.0.17')]).toEqual([10, 89, 0, 17])
})
