import { describe, expect, test } from 'bun:test'
import { type AddressesRequest, chooseAddresses } from './subnets.ts'

/** Linux lets every process list routes. */
describe('chooseAddresses()', () => {
  const choose = (request: AddressesRequest, ...taken: readonly string[]) =>
    chooseAddresses(
      request,
      taken.map((subnet) => ({ name: 'other', subnet })),
    )

  test('chooses a subnet of each family, and addresses of this machine', () => {
    const { ipv4, ipv6 } = choose({ ipv6: {} })
    expect(ipv4?.subnet).toMatch(/^10\.\d+\.\d+\.0\/24$/)
    expect(ipv6?.subnet).toMatch(/^fd[0-9a-f:]+::\/64$/)
    expect(ipv6?.gateway).toBe(`${ipv6?.subnet.replace('/64', '')}1`)
    expect(choose({ ipv4: false, ipv6: {} }).ipv4).toBeUndefined()
    expect(choose({}).ipv6).toBeUndefined()
  })

  test('takes the given IPv6 addresses in the usual form', () => {
    const subnet = 'FD00:0005:0::/64'
    const usual = { subnet: 'fd00:5::/64', gateway: 'fd00:5::1' }
    expect(choose({ ipv6: { subnet } }).ipv6).toEqual(usual)
    const gateway = 'fd00:5:0::9'
    expect(choose({ ipv6: { subnet, gateway } }).ipv6?.gateway).toBe('fd00:5::9')
    const ipRange = 'fd00:5::8000:0/112'
    expect(choose({ ipv6: { subnet, ipRange } }).ipv6?.gateway).toBe('fd00:5::8000:0')
    const auxiliary = { router: 'fd00:5::1' }
    expect(choose({ ipv6: { subnet }, auxiliary }).ipv6?.gateway).toBe('fd00:5::2')
  })

  test('refuses what is taken, what is outside, and a network without addresses', () => {
    const subnet = 'fd00:5::/64'
    expect(() => choose({ ipv6: { subnet } }, '10.9.0.0/16', 'fd00::/16')).toThrow(
      'Pool overlaps with other one on this address space, that of network other',
    )
    for (const ipv6 of [
      { subnet, gateway: 'fd00:6::1' },
      { subnet, gateway: 'fd00:5::' },
      { subnet, ipRange: 'fd00:6::/80' },
      { subnet, ipRange: 'fd00::/16' },
    ]) {
      expect(() => choose({ ipv6 })).toThrow('it is not of the subnet fd00:5::/64')
    }
    for (const wrong of ['fd00::1/64', 'fd00::/127', 'fd00::/4', 'x::/64']) {
      expect(() => choose({ ipv6: { subnet: wrong } })).toThrow('not a block of IPv6 addresses')
    }
    expect(() => choose({ ipv4: false })).toThrow('without IPv4 and without IPv6')
    expect(() => choose({ auxiliary: { router: 'fd00::9' } })).toThrow('address fd00::9')
  })
})
