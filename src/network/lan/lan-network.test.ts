import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { Attachment } from '../model.ts'
import type { PortRequest } from '../port.ts'
import { type Driver, missingForTests, openTestbed, type Testbed } from '../testing/testbed.ts'
import type { UserNetwork } from '../user-network.ts'

const reason = missingForTests()
if (reason) console.info(`skipped: macvlan: ${reason}`)

/** Whether the kernel has a kind of interface. */
function hasKind(...words: readonly string[]): boolean {
  const script = `ip link add v0 type veth peer name v1 && ip link add ${words.join(' ')}`
  return Bun.spawnSync(['unshare', '-n', 'sh', '-c', script], { stderr: 'ignore' }).exitCode === 0
}
const macvlan = reason === undefined && hasKind('link', 'v0', 'm0', 'type', 'macvlan')
const ipvlan = reason === undefined && hasKind('link', 'v0', 'i0', 'type', 'ipvlan')
const dummy = reason === undefined && hasKind('d0', 'type', 'dummy')
for (const [kind, isThere] of Object.entries({ macvlan, ipvlan, dummy })) {
  if (!isThere) console.info(`skipped: this kernel makes no ${kind} interfaces`)
}

describe.skipIf(reason !== undefined)('a network on an interface of the host', () => {
  let bed: Testbed
  let driver: Driver
  beforeAll(async () => {
    bed = openTestbed()
    driver = bed.openDriver()
    await bed.serve(bed.outside, 'tcp', 7000, 'outside')
  })
  afterAll(async () => {
    await driver?.[Symbol.asyncDispose]()
    await bed?.[Symbol.asyncDispose]()
  })

  const lan: UserNetwork = {
    ...{ id: 'a'.repeat(64), name: 'lan', isInternal: false, parent: 'uplink' },
    lan: { driver: 'macvlan', mode: 'bridge' },
    ipv4: { subnet: '198.51.100.0/24', gateway: '198.51.100.2' },
    ipv6: { subnet: 'fd00:9::/64', gateway: 'fd00:9::1' },
  }
  const bridge: UserNetwork = {
    ...{ id: 'b'.repeat(64), name: 'bridge1', isInternal: false },
    ipv4: { subnet: '10.100.1.0/24', gateway: '10.100.1.1' },
  }

  interface Joined {
    readonly network: UserNetwork
    readonly ip?: string
    readonly ip6?: string
  }

  async function attach(
    containerId: string,
    joined: readonly Joined[],
    ports: readonly PortRequest[] = [],
  ): Promise<Attachment & { readonly inside: string }> {
    const options = { containerId, kind: 'bridge', ports } as const
    const { value, error } = await driver.call({ method: 'attach', options, joined })
    if (error !== undefined) throw new Error(error.message)
    const made = value as Attachment
    return { ...made, inside: String(made.netnsPath) }
  }

  const links = (): string => bed.exec(bed.host, 'ip', '-o', 'link')

  test.skipIf(!macvlan)('attach() puts a container on the network of the interface', async () => {
    const one = await attach('one', [{ network: lan, ip: '198.51.100.10', ip6: 'fd00:9::10' }])
    expect(one.networks[0]).toMatchObject({
      ...{ ip: '198.51.100.10', gateway: '198.51.100.2', device: 'eth0' },
      ...{ mac: '02:42:c6:33:64:0a', ipv6: { ip: 'fd00:9::10', prefix: 64 } },
    })
    expect(bed.exec(one.inside, 'ip', '-d', 'link', 'show', 'eth0')).toContain(
      'macvlan mode bridge',
    )
    expect(bed.exec(one.inside, 'ip', 'route')).toContain('default via 198.51.100.2 dev eth0')
    expect(await bed.ask(one.inside, 'tcp', '198.51.100.2', 7000)).toBe('outside 198.51.100.10')
    const two = await attach('two', [{ network: lan, ip: '198.51.100.11', ip6: 'fd00:9::11' }])
    await bed.serve(two.inside, 'tcp', 7001, 'two')
    expect(await bed.ask(one.inside, 'tcp', '198.51.100.11', 7001)).toBe('two 198.51.100.10')
    expect(await bed.ask(bed.outside, 'tcp', '198.51.100.11', 7001)).toBe('two 198.51.100.2')
  })

  test.skipIf(!macvlan)('attach() joins it beside a bridge', async () => {
    const made = await attach('both', [
      { network: bridge, ip: '10.100.1.5' },
      { network: lan, ip: '198.51.100.12', ip6: 'fd00:9::12' },
    ])
    expect(made.networks.map(({ device, ip }) => `${device} ${ip}`)).toEqual([
      'eth0 10.100.1.5',
      'eth1 198.51.100.12',
    ])
    expect(bed.exec(made.inside, 'ip', 'route')).toContain('default via 10.100.1.1 dev eth0')
  })

  test('attach() refuses ports and an absent interface, and leaves nothing', async () => {
    const before = links()
    const ports = [{ hostPort: 8080, containerPort: 80, protocol: 'tcp' as const }]
    const joined = { network: lan, ip: '198.51.100.13', ip6: 'fd00:9::13' }
    await expect(attach('three', [joined], ports)).rejects.toThrow('Cannot publish ports on')
    const absent = { ...joined, network: { ...lan, id: 'c'.repeat(64), parent: 'absent0' } }
    await expect(attach('three', [absent])).rejects.toThrow('this host has no such interface')
    expect(links()).toBe(before)
    expect(bed.tryExec(`${bed.run}/netns/three`, 'true').exitCode).not.toBe(0)
  })

  test.skipIf(!ipvlan)(
    'attach() makes ipvlan interfaces, in layer 3 without a gateway',
    async () => {
      const network: UserNetwork = {
        ...lan,
        ...{ id: 'd'.repeat(64), lan: { driver: 'ipvlan', mode: 'l3', flag: 'bridge' } },
        parent: 'uplink2',
      }
      bed.exec(bed.host, 'ip', 'link', 'add', 'uplink2', 'type', 'veth', 'peer', 'name', 'far2')
      bed.exec(bed.host, 'ip', 'link', 'set', 'uplink2', 'up')
      const made = await attach('four', [{ network, ip: '198.51.100.14', ip6: 'fd00:9::14' }])
      expect(bed.exec(made.inside, 'ip', 'route')).toContain('default dev eth0')
    },
  )

  test.skipIf(!macvlan)('attach() refuses an interface that belongs to a bridge', async () => {
    bed.exec(bed.host, 'ip', 'link', 'add', 'busy', 'type', 'veth', 'peer', 'name', 'far')
    bed.exec(bed.host, 'ip', 'link', 'add', 'other', 'type', 'bridge')
    bed.exec(bed.host, 'ip', 'link', 'set', 'busy', 'master', 'other')
    const network = { ...lan, id: 'f'.repeat(64), parent: 'busy' }
    await expect(
      attach('six', [{ network, ip: '198.51.100.16', ip6: 'fd00:9::16' }]),
    ).rejects.toThrow('Cannot make an interface of macvlan on busy: device or resource busy')
    expect(bed.tryExec(`${bed.run}/netns/six`, 'true').exitCode).not.toBe(0)
    bed.exec(bed.host, 'ip', 'link', 'del', 'other')
  })

  test.skipIf(!dummy)('attach() makes a dummy for a network without an interface', async () => {
    const network = { ...lan, id: 'e'.repeat(64), parent: undefined }
    await attach('five', [{ network, ip: '198.51.100.15', ip6: 'fd00:9::15' }])
    expect(links()).toContain('dm-eeeeeeeeeeee')
  })

  test('removing the networks leaves the interface of the host alone', async () => {
    for (const containerId of ['one', 'two', 'both', 'three', 'four', 'five', 'six']) {
      await driver.call({ method: 'detach', containerId })
    }
    await driver.call({ method: 'cleanStale', liveIds: [], networks: [] })
    expect(links()).toContain('uplink')
    expect(links()).not.toMatch(/dm-|br-|macvlan/)
    expect(bed.exec(bed.host, 'ip', '-4', '-o', 'addr', 'show', 'uplink')).toContain(
      '198.51.100.1/24',
    )
  })
})
