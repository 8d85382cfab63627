import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type Driver, missingForTests, openTestbed, type Testbed } from '../testing/testbed.ts'

describe.skipIf(missingForTests() !== undefined)('attach() against neighbours', () => {
  let bed: Testbed
  let driver: Driver
  let inside: string
  beforeAll(async () => {
    bed = openTestbed()
    driver = bed.openDriver()
    const ports = [
      { hostIp: '127.0.0.1', hostPort: 8080, containerPort: 80, protocol: 'tcp' as const },
    ]
    const made = await driver.attach({ containerId: 'private', ip: '10.89.0.2', ports })
    inside = String(made.netnsPath)
    await bed.serve(inside, 'tcp', 80, 'private')
    const host = '198.51.100.1'
    for (const command of [
      // A neighbour with a route to the containers, and one that sends packets for 127.0.0.1 over
      // the wire.
      `route add 10.89.0.0/16 via ${host}`,
      'route del local 127.0.0.0/8 dev lo table local',
      'route del local 127.0.0.1 dev lo table local',
      `route add 127.0.0.0/8 via ${host}`,
    ]) {
      bed.exec(bed.outside, 'ip', ...command.split(' '))
    }
    const setting = '/proc/sys/net/ipv4/conf/eth0/route_localnet'
    bed.exec(bed.outside, 'sh', '-c', `echo 1 > ${setting}`)
  })
  afterAll(async () => {
    await driver?.[Symbol.asyncDispose]()
    await bed?.[Symbol.asyncDispose]()
  })

  test('a port published on loopback is reachable there', async () => {
    expect(await bed.ask(bed.host, 'tcp', '127.0.0.1', 8080)).toBe('private 10.89.0.1')
  })

  test('a port published on loopback is not on the address of the host', async () => {
    expect(await bed.ask(bed.outside, 'tcp', '198.51.100.1', 8080)).toBeUndefined()
  })

  test('a packet from the wire for 127.0.0.1 does not reach a port published on loopback', async () => {
    const hook = 'type filter hook postrouting priority 300;'
    const watch = 'oifname "strake0" ip saddr 198.51.100.2 counter'
    const script = `add table ip watch; add chain ip watch c { ${hook} }; add rule ip watch c ${watch}`
    bed.exec(bed.host, 'nft', script)
    const passed = () => {
      const listing = bed.exec(bed.host, 'nft', 'list', 'table', 'ip', 'watch')
      return Number(/packets (\d+)/.exec(listing)?.[1])
    }
    const attack = () => bed.ask(bed.outside, 'tcp', '127.0.0.1', 8080)
    expect(await attack()).toBeUndefined()
    expect(passed()).toBe(0)
    // Without that rule the packet arrives, which proves that the test can fail.
    bed.exec(bed.host, 'nft', 'flush', 'chain', 'ip', 'strake', 'guard')
    await attack()
    const before = passed()
    expect(before).toBeGreaterThan(0)
    await driver.attach({ containerId: 'repair', ip: '10.89.0.3' })
    await attack()
    expect(passed()).toBe(before)
  })

  test('a neighbour cannot reach the ports of a container by its address', async () => {
    expect(await bed.ask(bed.outside, 'tcp', '10.89.0.2', 80)).toBeUndefined()
    expect(await bed.ask(bed.host, 'tcp', '10.89.0.2', 80)).toBe('private 10.89.0.1')
  })

  test('a container cannot reach servers on the loopback of the host', async () => {
    await bed.serve(bed.host, 'tcp', 6000, 'secret')
    expect(await bed.ask(bed.host, 'tcp', '127.0.0.1', 6000)).toBe('secret 127.0.0.1')
    const commands = [
      'ip route del local 127.0.0.0/8 dev lo table local',
      'ip route del local 127.0.0.1 dev lo table local',
      'ip route add 127.0.0.1 via 10.89.0.1',
      'echo 1 > /proc/sys/net/ipv4/conf/eth0/route_localnet',
    ]
    bed.exec(inside, 'sh', '-c', commands.join(' && '))
    expect(await bed.ask(inside, 'tcp', '127.0.0.1', 6000)).toBeUndefined()
    expect(await bed.ask(inside, 'tcp', '127.0.0.1', 8080)).toBeUndefined()
  })
})
