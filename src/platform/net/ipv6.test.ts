import { expect, test } from 'bun:test'
import {
  contains6,
  formatIpv6,
  formatSubnet6,
  ipv6Bytes,
  ipv6Of,
  lastIpv6,
  overlaps6,
  parseIpv6,
  parseSubnet6,
} from './ipv6.ts'

const written = [
  ['::', '::'],
  ['::1', '::1'],
  ['fd00::', 'fd00::'],
  ['FD00:0:0:1::2', 'fd00:0:0:1::2'],
  ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
  ['2001:0db8:0000:0001:0001:0001:0001:0001', '2001:db8:0:1:1:1:1:1'],
  ['0:0:0:0:0:0:0:0', '::'],
  ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
  ['::ffff:10.0.0.1', '::ffff:a00:1'],
] as const

test('formatIpv6() writes what parseIpv6() reads in the shortest form', () => {
  for (const [text, short] of written) {
    const address = parseIpv6(text)
    expect(address === undefined ? undefined : formatIpv6(address)).toBe(short)
    expect(ipv6Of(ipv6Bytes(address ?? 0n))).toBe(address ?? -1n)
  }
})

test('parseIpv6() refuses any other text', () => {
  const texts = ['', ':', ':::', '1::2::3', '1:2:3:4:5:6:7', '1:2:3:4:5:6:7:8:9', 'g::', '12345::']
  for (const text of [
    ...texts,
    '::1%eth0',
    '::10.0.0',
    '10.0.0.1::',
    '10.0.0.1',
    '1:2:3:4:5:6:7:8::',
  ]) {
    expect({ text, address: parseIpv6(text) }).toEqual({ text, address: undefined })
  }
})

test('parseSubnet6() refuses bits behind the prefix', () => {
  for (const text of [
    'fd00::1/64',
    'fd00::/129',
    'fd00::',
    'fd00::/',
    'fd00::/6/4',
    '10.0.0.0/8',
  ]) {
    expect(parseSubnet6(text)).toBeUndefined()
  }
  const subnet = parseSubnet6('fd00:1::/64')
  if (subnet === undefined) throw new TypeError('a subnet')
  expect(formatSubnet6(subnet)).toBe('fd00:1::/64')
  expect(formatIpv6(lastIpv6(subnet))).toBe('fd00:1::ffff:ffff:ffff:ffff')
  expect(contains6(subnet, parseIpv6('fd00:1::9') ?? 0n)).toBe(true)
  expect(contains6(subnet, parseIpv6('fd00:2::9') ?? 0n)).toBe(false)
  const inside = parseSubnet6('fd00:1::8000:0/97') ?? subnet
  expect([overlaps6(subnet, inside), overlaps6(inside, subnet)]).toEqual([true, true])
  expect(overlaps6(inside, parseSubnet6('fd00:2::/32') ?? inside)).toBe(false)
})
