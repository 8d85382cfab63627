import { expect, test } from 'bun:test'
import { formatSubnet, parseSubnet } from '#platform'
import { chooseSubnet, requireFree, requireSubnet } from './subnet.ts'

const routes = (...texts: readonly string[]) => texts.flatMap((text) => parseSubnet(text) ?? [])

test('chooseSubnet() chooses the first block without a route and a name server', () => {
  const choose = (blocks: readonly string[], nameservers: readonly string[] = []) =>
    formatSubnet(chooseSubnet(routes(...blocks), nameservers))
  expect(choose([])).toBe('10.89.0.0/16')
  expect(choose(['0.0.0.0/0', '192.0.2.0/24'])).toBe('10.89.0.0/16')
  expect(choose(['10.89.4.0/24'])).toBe('10.90.0.0/16')
  expect(choose(['10.89.4.0/24'], ['10.90.0.53', 'fe80::1'])).toBe('10.91.0.0/16')
  expect(choose(['10.0.0.0/8'])).toBe('172.28.0.0/16')
  expect(choose(['10.0.0.0/8', '172.16.0.0/12'])).toBe('192.168.200.0/24')
})

test('chooseSubnet() throws when every subnet is taken', () => {
  const all = routes('10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16')
  expect(() => chooseSubnet(all, [])).toThrow('every usual subnet overlaps a route of this host')
})

test('requireSubnet() and requireFree() check a configured subnet', () => {
  expect(formatSubnet(requireSubnet('10.1.0.0/24'))).toBe('10.1.0.0/24')
  expect(() => requireSubnet('10.1.0.1/24')).toThrow('Cannot use the subnet "10.1.0.1/24"')
  for (const prefix of [8, 29]) {
    expect(formatSubnet(requireSubnet(`10.0.0.0/${prefix}`))).toBe(`10.0.0.0/${prefix}`)
  }
  for (const prefix of [0, 7, 30, 32]) {
    expect(() => requireSubnet(`10.0.0.0/${prefix}`)).toThrow('Cannot use the subnet')
  }
  const subnet = requireSubnet('10.1.0.0/24')
  expect(() => requireFree(subnet, routes('0.0.0.0/0', '10.2.0.0/16'))).not.toThrow()
  expect(() => requireFree(subnet, routes('10.1.0.0/16'))).toThrow(
    'Cannot use the subnet 10.1.0.0/24: this host has a route to 10.1.0.0/16',
  )
})
