import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { EndpointOptions } from '../endpoint.ts'
import type { Attachment } from '../model.ts'
import type { PortRequest } from '../port.ts'
import { type Driver, missingForTests, openTestbed, type Testbed } from '../testing/testbed.ts'
import { tableOf, type UserNetwork } from '../user-network.ts'

const reason = missingForTests()
if (reason) console.info(`skipped: IPv6 networks: ${reason}`)

describe.skipIf(reason !== undefined)('a network with IPv6', () => {
  let bed: Testbed
  let driver: Driver
  beforeAll(async () => {
    bed = openTestbed()
    driver = bed.openDriver()
    for (const [namespace, device, address] of [
      [bed.host, 'uplink', '2001:db8::1/64'],
      [bed.outside, 'eth0', '2001:db8::2/64'],
    ] as const) {
      bed.exec(namespace, 'ip', '-6', 'addr', 'add', address, 'dev', device, 'nodad')
    }
    await bed.serve(bed.outside, 'tcp6', 7000, 'outside')
  })
  afterAll(async () => {
    await driver?.[Symbol.asyncDispose]()
    await bed?.[Symbol.asyncDispose]()
  })

  const both: UserNetwork = {
    ...{ id: 'a'.repeat(64), name: 'both', isInternal: false },
    ipv4: { subnet: '10.100.1.0/24', gateway: '10.100.1.1' },
    ipv6: { subnet: 'fd00:1::/64', gateway: 'fd00:1::1' },
  }
  const only: UserNetwork = {
    ...{ id: 'b'.repeat(64), name: 'only', isInternal: false },
    ipv6: { subnet: 'fd00:2::/64', gateway: 'fd00:2::1' },
  }

  interface Joined {
    readonly network: UserNetwork
    readonly ip?: string
    readonly ip6?: string
    readonly endpoint?: EndpointOptions
  }

  async function attach(
    containerId: string,
    joined: Joined,
    ports: readonly PortRequest[] = [],
    ...more: readonly Joined[]
  ): Promise<Attachment & { readonly inside: string }> {
    const options = { containerId, kind: 'bridge', ports } as const
    const call = { method: 'attach', options, joined: [joined, ...more] } as const
    const { value, error } = await driver.call(call)
    if (error !== undefined) throw new Error(error.message)
    const made = value as Attachment
    return { ...made, inside: String(made.netnsPath) }
  }

  test('attach() gives a container an address and a default route of each family', async () => {
    const made = await attach('one', { network: both, ip: '10.100.1.2', ip6: 'fd00:1::2' })
    expect(made.networks[0]).toMatchObject({
      ip: '10.100.1.2',
      gateway: '10.100.1.1',
      ipv6: { ip: 'fd00:1::2', prefix: 64, gateway: 'fd00:1::1' },
    })
    expect(bed.exec(made.inside, 'ip', '-6', '-o', 'addr', 'show', 'eth0')).toContain(
      'inet6 fd00:1::2/64 scope global',
    )
    const routes = bed.exec(made.inside, 'ip', '-6', 'route')
    expect(routes).toContain('default via fd00:1::1 dev eth0')
    expect(bed.exec(bed.host, 'cat', '/proc/sys/net/ipv6/conf/all/forwarding')).toBe('1\n')
  })

  test('a container reaches others and the outside, which sees the address of the host', async () => {
    const two = await attach('two', { network: both, ip: '10.100.1.3', ip6: 'fd00:1::3' })
    await bed.serve(two.inside, 'tcp6', 7001, 'two')
    const one = `${bed.run}/netns/one`
    expect(await bed.ask(one, 'tcp', 'fd00:1::3', 7001)).toBe('two fd00:1::2')
    expect(await bed.ask(one, 'tcp', '2001:db8::2', 7000)).toBe('outside 2001:db8::1')
    bed.exec(bed.outside, 'ip', '-6', 'route', 'add', 'fd00::/16', 'via', '2001:db8::1')
    expect(await bed.ask(bed.outside, 'tcp', 'fd00:1::3', 7001)).toBeUndefined()
  })

  test('a published port keeps the address of an IPv6 client, and ends with its container', async () => {
    const ports = [{ hostPort: 8081, containerPort: 80, protocol: 'tcp' as const }]
    const made = await attach('web', { network: both, ip: '10.100.1.4', ip6: 'fd00:1::4' }, ports)
    expect(made.ports.map(({ hostIp }) => hostIp)).toEqual(['0.0.0.0', '::'])
    await bed.serve(made.inside, 'tcp6', 80, 'six')
    await bed.serve(made.inside, 'tcp', 80, 'four')
    const ask = (address: string) => bed.ask(bed.outside, 'tcp', address, 8081)
    expect(await ask('2001:db8::1')).toBe('six 2001:db8::2')
    expect(await ask('198.51.100.1')).toBe('four 198.51.100.2')
    expect(await bed.ask(made.inside, 'tcp', '2001:db8::1', 8081)).toBe('six fd00:1::1')
    expect(await bed.ask(bed.host, 'tcp', '2001:db8::1', 8081)).toStartWith('six ')
    const again = attach('again', { network: both, ip: '10.100.1.5', ip6: 'fd00:1::5' }, ports)
    await expect(again).rejects.toThrow('8081: port is already allocated to container')
    await driver.call({ method: 'detach', containerId: 'web' })
    const free = await attach('again', { network: both, ip: '10.100.1.5', ip6: 'fd00:1::5' }, ports)
    expect(free.ports).toHaveLength(2)
  }, 20_000)

  test('a port on one IPv6 address of the host is translated there alone', async () => {
    const port = { containerPort: 53, protocol: 'udp' as const }
    const made = await attach('dns', { network: both, ip: '10.100.1.6', ip6: 'fd00:1::6' }, [
      { ...port, hostIp: '2001:db8::1', hostPort: 5300 },
    ])
    await bed.serve(made.inside, 'udp6', 53, 'dns')
    expect(await bed.ask(bed.outside, 'udp', '2001:db8::1', 5300)).toBe('dns 2001:db8::2')
    const rules = bed.exec(bed.host, 'nft', 'list', 'table', 'ip6', tableOf(both.id))
    expect(rules).toContain('2001:db8::1 . udp . 5300 : fd00:1::6 . 53')
  })

  test('attach() restores rules and addresses that another program removed', async () => {
    bed.exec(bed.host, 'nft', 'flush', 'ruleset')
    bed.exec(bed.host, 'ip', '-6', 'addr', 'del', 'fd00:1::1/64', 'dev', `br-${'a'.repeat(12)}`)
    expect(await bed.ask(bed.outside, 'udp', '2001:db8::1', 5300)).toBeUndefined()
    await attach('later', { network: both, ip: '10.100.1.7', ip6: 'fd00:1::7' })
    expect(await bed.ask(bed.outside, 'udp', '2001:db8::1', 5300)).toBe('dns 2001:db8::2')
  })

  test('cleanStale() restores the rules of networks with containers, and of no other', async () => {
    bed.exec(bed.host, 'nft', 'flush', 'ruleset')
    const liveIds = ['one', 'two', 'again', 'dns', 'later']
    await driver.call({ method: 'cleanStale', liveIds, networks: [both, only] })
    expect(await bed.ask(bed.outside, 'udp', '2001:db8::1', 5300)).toBe('dns 2001:db8::2')
    expect(bed.exec(bed.host, 'nft', 'list', 'tables').trim().split('\n')).toEqual([
      `table ip ${tableOf(both.id)}`,
      `table ip6 ${tableOf(both.id)}`,
    ])
  })

  test('attach() works without IPv4, and refuses an address of another subnet', async () => {
    const ports = [{ hostPort: 8082, containerPort: 80, protocol: 'tcp' as const }]
    const made = await attach('six', { network: only, ip6: 'fd00:2::2' }, ports)
    expect(made.ip).toBeUndefined()
    expect(made.networks[0]?.mac).toBe('02:42:00:00:00:02')
    expect(bed.exec(made.inside, 'ip', '-4', '-o', 'addr', 'show', 'eth0')).toBe('')
    await bed.serve(made.inside, 'tcp6', 80, 'six')
    expect(await bed.ask(bed.outside, 'tcp', '2001:db8::1', 8082)).toBe('six 2001:db8::2')
    expect(bed.tryExec(bed.host, 'nft', 'list', 'table', 'ip', tableOf(only.id)).exitCode).toBe(1)
    const other = attach('other', { network: only, ip6: 'fd00:1::9' })
    await expect(other).rejects.toThrow('it is not a free one of fd00:2::/64')
    await expect(attach('other', { network: only, ip6: 'fd00:2::1' })).rejects.toThrow('not a free')
  })

  test('an interface gets the wanted name, link-local addresses and settings', async () => {
    const endpoint = {
      ...{ device: 'lan0', linkLocalIps: ['169.254.3.4', 'fe80::7'] },
      sysctls: { 'ipv4/conf/IFNAME/log_martians': '1' },
    }
    const made = await attach('wishes', {
      network: both,
      ...{ ip: '10.100.1.8', ip6: 'fd00:1::8', endpoint },
    })
    const addresses = bed.exec(made.inside, 'ip', '-o', 'addr', 'show', 'lan0')
    for (const address of ['169.254.3.4/16', 'fe80::7/64', '10.100.1.8/24']) {
      expect(addresses).toContain(address)
    }
    const setting = '/proc/sys/net/ipv4/conf/lan0/log_martians'
    expect(bed.exec(made.inside, 'cat', setting)).toBe('1\n')
    await driver.call({ method: 'detach', containerId: 'wishes' })
  })

  test('the default routes of the families may go through different networks', async () => {
    const old: UserNetwork = {
      ...{ id: 'c'.repeat(64), name: 'all', isInternal: false },
      ipv4: { subnet: '10.100.3.0/24', gateway: '10.100.3.1' },
    }
    const made = await attach('mixed', { network: old, ip: '10.100.3.2' }, [], {
      network: both,
      ...{ ip: '10.100.1.9', ip6: 'fd00:1::9' },
    })
    expect(bed.exec(made.inside, 'ip', 'route')).toContain('default via 10.100.3.1 dev eth0')
    expect(bed.exec(made.inside, 'ip', '-6', 'route')).toContain('default via fd00:1::1 dev eth1')
    await driver.call({ method: 'detach', containerId: 'mixed' })
  })

  test('removing the networks removes links and the tables of both families', async () => {
    for (const id of ['one', 'two', 'again', 'dns', 'later', 'six']) {
      await driver.call({ method: 'detach', containerId: id })
    }
    await driver.call({ method: 'cleanStale', liveIds: [], networks: [] })
    const tables = bed.exec(bed.host, 'nft', 'list', 'tables')
    expect(tables).not.toContain('strake_')
    expect(bed.exec(bed.host, 'ip', '-o', 'link')).not.toContain('br-')
  })
})
