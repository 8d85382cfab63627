import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { chmodSync, existsSync, readdirSync } from 'node:fs'
import { mkdtempDisposable } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openNetworks } from './networks.ts'
import type { PublishedPort } from './port.ts'
import { type Driver, missingForTests, openTestbed, type Testbed } from './testing/testbed.ts'

const missing = missingForTests()
if (missing !== undefined) process.stderr.write(`skipped: ${missing}\n`)

describe.skipIf(missing !== undefined)('openNetworks()', () => {
  let bed: Testbed
  let driver: Driver
  beforeAll(() => {
    bed = openTestbed()
    driver = bed.openDriver()
  })
  afterAll(async () => {
    await driver?.[Symbol.asyncDispose]()
    await bed?.[Symbol.asyncDispose]()
  })

  const onIpv4 = (ports: readonly PublishedPort[]): readonly PublishedPort[] =>
    ports.filter(({ hostIp }) => hostIp === '0.0.0.0')

  const tcp = (hostPort: number, containerPort = 80) => {
    return { hostPort, containerPort, protocol: 'tcp' as const }
  }

  test('attach() gives a container an address, a route and loopback, and no IPv6', async () => {
    const made = await driver.attach({ containerId: 'plain', ip: '10.89.0.10' })
    expect(made).toMatchObject({
      kind: 'bridge',
      netnsPath: join(bed.run, 'netns/plain'),
      ip: '10.89.0.10',
      prefix: 16,
      gateway: '10.89.0.1',
      mac: '02:42:0a:59:00:0a',
      ports: [],
    })
    const inside = String(made.netnsPath)
    expect(bed.exec(inside, 'ip', '-o', 'addr', 'show', 'eth0')).toMatch(
      /inet 10\.89\.0\.10\/16 brd 10\.89\.255\.255/,
    )
    expect(bed.exec(inside, 'ip', '-o', 'link')).toContain('02:42:0a:59:00:0a')
    expect(bed.exec(inside, 'ip', '-o', 'addr', 'show', 'lo')).toContain('127.0.0.1/8')
    expect(bed.exec(inside, 'ip', 'route')).toStartWith('default via 10.89.0.1 dev eth0')
    expect(bed.exec(inside, 'ip', '-6', '-o', 'addr', 'show', 'eth0')).toBe('')
    expect(bed.exec(inside, 'cat', '/proc/sys/net/ipv6/conf/eth0/accept_ra')).toBe('0\n')
    expect(bed.exec(bed.host, 'ip', '-6', '-o', 'addr', 'show', 'strake0')).toBe('')
  })

  test('attach() joins the default network, and refuses another one', async () => {
    const made = await driver.attach({ containerId: 'listed', ip: '10.89.0.30' })
    const { ip, prefix, gateway, mac } = made
    expect([...made.networks]).toEqual([
      {
        ...{ name: 'bridge', device: 'eth0', ip: `${ip}`, prefix: Number(prefix) },
        ...{ gateway: `${gateway}`, mac: `${mac}` },
      },
    ])
    const options = { containerId: 'other', kind: 'bridge' } as const
    const { error } = await driver.call({ method: 'attach', options, network: 'back' })
    expect(error?.message).toBe('Cannot join network back: network back not found')
  })

  test('attach() lets a container reach the outside with the address of the host', async () => {
    await bed.serve(bed.outside, 'tcp', 7000, 'outside')
    const { netnsPath = '' } = await driver.attach({ containerId: 'nat', ip: '10.89.0.11' })
    expect(await bed.ask(netnsPath, 'tcp', '198.51.100.2', 7000)).toBe('outside 198.51.100.1')
  })

  test('attach() publishes a port to the outside, the host, loopback and containers', async () => {
    const ports = [tcp(8080), { hostPort: 5353, containerPort: 53, protocol: 'udp' as const }]
    const made = await driver.attach({ containerId: 'web', ip: '10.89.0.12', ports })
    const inside = String(made.netnsPath)
    await bed.serve(inside, 'tcp', 80, 'web')
    await bed.serve(inside, 'udp', 53, 'dns')
    expect(await bed.ask(bed.outside, 'tcp', '198.51.100.1', 8080)).toBe('web 198.51.100.2')
    expect(await bed.ask(bed.host, 'tcp', '198.51.100.1', 8080)).toStartWith('web ')
    expect(await bed.ask(bed.host, 'tcp', '127.0.0.1', 8080)).toBe('web 10.89.0.1')
    expect(await bed.ask(bed.outside, 'udp', '198.51.100.1', 5353)).toBe('dns 198.51.100.2')
    expect(await bed.ask(bed.host, 'udp', '127.0.0.1', 5353)).toBe('dns 10.89.0.1')
    const other = await driver.attach({ containerId: 'client', ip: '10.89.0.13' })
    expect(await bed.ask(String(other.netnsPath), 'tcp', '10.89.0.12', 80)).toBe('web 10.89.0.13')
    expect(await bed.ask(String(other.netnsPath), 'tcp', '198.51.100.1', 8080)).toStartWith('web ')
    expect(await bed.ask(inside, 'tcp', '198.51.100.1', 8080)).toStartWith('web ')
  })

  test('attach() takes over a UDP port with its existing flows', async () => {
    const ports = [{ hostPort: 5400, containerPort: 53, protocol: 'udp' as const }]
    const ask = () => bed.ask(bed.outside, 'udp', '198.51.100.1', 5400, 4000)
    expect(await ask()).toBeUndefined()
    for (const [id, ip] of [
      ['earlier', '10.89.0.40'],
      ['later', '10.89.0.41'],
    ] as const) {
      const made = await driver.attach({ containerId: id, ip, ports })
      await bed.serve(String(made.netnsPath), 'udp', 53, id)
      expect(await ask()).toBe(`${id} 198.51.100.2`)
      await driver.call({ method: 'detach', containerId: id })
    }
  })

  test('attach() publishes on only one address of the host', async () => {
    bed.exec(bed.host, 'ip', 'addr', 'add', '198.51.100.9/24', 'dev', 'uplink')
    const ports = [{ ...tcp(8090), hostIp: '198.51.100.9' }]
    const made = await driver.attach({ containerId: 'one', ip: '10.89.0.14', ports })
    await bed.serve(String(made.netnsPath), 'tcp', 80, 'one')
    expect(await bed.ask(bed.outside, 'tcp', '198.51.100.9', 8090)).toBe('one 198.51.100.2')
    expect(await bed.ask(bed.outside, 'tcp', '198.51.100.1', 8090)).toBeUndefined()
    const elsewhere = { ...tcp(8091), hostIp: '203.0.113.5' }
    const refused = driver.attach({ containerId: 'no', ip: '10.89.0.15', ports: [elsewhere] })
    await expect(refused).rejects.toThrow(
      'Cannot publish port 203.0.113.5:8091: this host has no address 203.0.113.5',
    )
  })

  test('attach() refuses a port in use by a container or a process, and leaves nothing', async () => {
    await driver.attach({ containerId: 'a', name: 'first', ip: '10.89.0.20', ports: [tcp(8100)] })
    await bed.serve(bed.host, 'tcp', 8101, 'process')
    const attempts = [
      [[tcp(8100)], 'Cannot publish port 8100: port is already allocated to container first'],
      [
        [{ ...tcp(8100), hostIp: '127.0.0.1' }],
        'Cannot publish port 127.0.0.1:8100: port is already allocated to container first',
      ],
      [
        [tcp(8102), tcp(8101)],
        /^Cannot publish port 8101: address already in use by \S+ \(pid \d+\)$/,
      ],
      [[tcp(8103), tcp(8103)], /^Cannot publish port 8103: address already in use by /],
      [
        [{ ...tcp(8100), hostPortEnd: 8101 }],
        'Cannot publish ports 8100-8101: all of them are in use',
      ],
    ] as const
    for (const [ports, message] of attempts) {
      const options = { containerId: 'b', kind: 'bridge', ports } as const
      const { error } = await driver.call({ method: 'attach', options, ip: '10.89.0.21' })
      expect(error?.code).toBe('CONFLICT')
      expect(error?.message).toMatch(message)
    }
    expect(readdirSync(join(bed.run, 'netns'))).not.toContain('b')
    expect(bed.exec(bed.host, 'nft', 'list', 'table', 'ip', 'strake')).not.toContain('10.89.0.21')
  })

  test('attach() chooses a free port for 0 and within a range', async () => {
    await bed.serve(bed.host, 'tcp', 8110, 'process')
    const ports = [tcp(0), { ...tcp(8110, 81), hostPortEnd: 8112 }]
    const made = await driver.attach({ containerId: 'any', ip: '10.89.0.22', ports })
    const [any, ranged] = onIpv4(made.ports)
    expect(any?.hostPort).toBeGreaterThan(1023)
    expect(ranged?.hostPort).toBe(8111)
    await bed.serve(String(made.netnsPath), 'tcp', 80, 'any')
    const answer = await bed.ask(bed.outside, 'tcp', '198.51.100.1', Number(any?.hostPort))
    expect(answer).toBe('any 198.51.100.2')
  })

  test('attach() publishes long ranges, all or none', async () => {
    const range = Array.from({ length: 1000 }, (_, i) => tcp(20_000 + i, 1000 + i))
    const made = await driver.attach({ containerId: 'range', ip: '10.89.0.25', ports: range })
    expect(onIpv4(made.ports)).toHaveLength(1000)
    const clash = { containerId: 'clash', ip: '10.89.0.26', ports: [tcp(8129), ...range] }
    await expect(driver.attach(clash)).rejects.toThrow(
      'Cannot publish port 20000: port is already allocated',
    )
    await driver.attach({ containerId: 'after', ip: '10.89.0.26', ports: [tcp(8129)] })
    await bed.serve(String(made.netnsPath), 'tcp', 1999, 'range')
    expect(await bed.ask(bed.outside, 'tcp', '198.51.100.1', 20_999)).toBe('range 198.51.100.2')
  })

  test('attach() returns a port on all addresses also for IPv6, and publishes on one IPv6 address', async () => {
    if (!existsSync('/proc/net/if_inet6')) return
    const made = await driver.attach({ containerId: 'six', ip: '10.89.0.27', ports: [tcp(8145)] })
    expect(made.ports.map(({ hostIp, hostPort }) => `${hostIp} ${hostPort}`)).toEqual([
      '0.0.0.0 8145',
      ':: 8145',
    ])
    const one = { ...tcp(8131), hostIp: '::1' }
    const only = await driver.attach({ containerId: 'one6', ip: '10.89.0.28', ports: [one] })
    expect(only.ports).toEqual([{ ...one }])
    const foreign = { ...tcp(8132), hostIp: '2001:db8::1' }
    await expect(
      driver.attach({ containerId: 'no6', ip: '10.89.0.29', ports: [foreign] }),
    ).rejects.toThrow(
      'Cannot publish port [2001:db8::1]:8132: this host has no address 2001:db8::1',
    )
  })

  test('detach() leaves no namespace, no interface and no port', async () => {
    await driver.attach({
      containerId: 'brief',
      ip: '10.89.0.23',
      ports: [tcp(8120), tcp(8121, 81)],
    })
    const before = countVeths(bed)
    await driver.call({ method: 'detach', containerId: 'brief' })
    expect(readdirSync(join(bed.run, 'netns'))).not.toContain('brief')
    const isGone = () => {
      const rules = bed.exec(bed.host, 'nft', 'list', 'table', 'ip', 'strake')
      const records = readdirSync(join(bed.run, 'network/attachments')).join()
      return !rules.includes('10.89.0.23') && !records.includes('brief') && countVeths(bed) < before
    }
    await until(isGone)
    await driver.call({ method: 'detach', containerId: 'brief' })
  })

  test('attach() publishes the port of a detached container at once', async () => {
    for (const round of [1, 2, 3]) {
      const containerId = `again${round}`
      const made = await driver.attach({ containerId, ip: '10.89.0.24', ports: [tcp(8130)] })
      expect(made.ports[0]?.hostPort).toBe(8130)
      await driver.call({ method: 'detach', containerId })
    }
    const made = await driver.attach({ containerId: 'last', ip: '10.89.0.24', ports: [tcp(8130)] })
    await Bun.sleep(100)
    await bed.serve(String(made.netnsPath), 'tcp', 80, 'last')
    expect(await bed.ask(bed.outside, 'tcp', '198.51.100.1', 8130)).toBe('last 198.51.100.2')
  })

  test('cleanStale() detaches all but the live containers', async () => {
    await driver.attach({ containerId: 'dead', ip: '10.89.0.30', ports: [tcp(8140)] })
    await driver.attach({ containerId: 'alive', ip: '10.89.0.31', ports: [tcp(8141)] })
    const orphan = 'tcp . 8142 : 10.89.0.99 . 80'
    bed.exec(bed.host, 'nft', `add element ip strake published { ${orphan} }`)
    const { value } = await driver.call({ method: 'cleanStale', liveIds: ['alive'] })
    expect(value).toContain('dead')
    expect(value).not.toContain('alive')
    expect(readdirSync(join(bed.run, 'netns'))).toEqual(['alive'])
    const rules = () => bed.exec(bed.host, 'nft', 'list', 'table', 'ip', 'strake')
    await until(() => !rules().includes('8140') && !rules().includes('8142'))
    expect(rules()).toContain('10.89.0.31 . 80')
  })

  test('attach() works for twenty processes at once on an absent network', async () => {
    await bed.stopServers()
    await driver.call({ method: 'cleanStale', liveIds: [] })
    await until(() => countVeths(bed) === 0)
    expect((await driver.call({ method: 'remove' })).error).toBeUndefined()
    expect(bed.tryExec(bed.host, 'ip', 'link', 'show', 'strake0').exitCode).not.toBe(0)
    const drivers = Array.from({ length: 20 }, () => bed.openDriver())
    const attached = await Promise.all(
      drivers.map((each, i) =>
        each.attach({ containerId: `p${i}`, ip: `10.89.1.${i + 1}`, ports: [tcp(9000 + i)] }),
      ),
    )
    expect(new Set(attached.map(({ netnsPath }) => netnsPath)).size).toBe(20)
    const last = String(attached[19]?.netnsPath)
    await bed.serve(last, 'tcp', 80, 'last')
    expect(await bed.ask(bed.outside, 'tcp', '198.51.100.1', 9019)).toBe('last 198.51.100.2')
    const rules = bed.exec(bed.host, 'nft', 'list', 'table', 'ip', 'strake')
    expect(rules.match(/masquerade/g)).toHaveLength(3)
    expect(rules.match(/10\.89\.1\.\d+ \. 80/g)).toHaveLength(20)
    await Promise.all(drivers.map((each) => each[Symbol.asyncDispose]()))
  }, 30_000)

  test('remove() refuses while a container is attached, and then removes everything', async () => {
    const { error } = await driver.call({ method: 'remove' })
    expect(error?.message).toMatch(
      /^Cannot remove network strake0: container p\d+ is attached to it$/,
    )
    await bed.stopServers()
    await driver.call({ method: 'cleanStale', liveIds: [] })
    expect((await driver.call({ method: 'remove' })).error).toBeUndefined()
    expect(bed.exec(bed.host, 'nft', 'list', 'ruleset')).not.toContain('strake')
    await until(() => countVeths(bed) === 0)
  })
})

test('attach() creates nothing for host and none', async () => {
  const networks = openNetworks({ run: '/nowhere/at/all' })
  for (const kind of ['host', 'none'] as const) {
    await using attachment = await networks.attach({ containerId: 'c', kind })
    expect(attachment).toMatchObject({ kind, ports: [] })
    expect(attachment.netnsPath).toBeUndefined()
  }
})

test.skipIf(missing !== undefined)(
  'attach() throws a remedy without the necessary rights',
  async () => {
    const program = join(import.meta.dirname, 'testing/driver.ts')
    await using directory = await mkdtempDisposable(`${tmpdir()}/strake-network-`)
    chmodSync(directory.path, 0o777)
    const unprivileged = ['setpriv', '--bounding-set=-all', '--inh-caps=-all', '--no-new-privs']
    const argv = [...unprivileged, process.execPath, program, directory.path, 'strake0']
    const call = { method: 'attach', options: { containerId: 'c', kind: 'bridge' } }
    const { stdout } = Bun.spawnSync(argv, { stdin: Buffer.from(`${JSON.stringify(call)}\n`) })
    const { error } = JSON.parse(stdout.toString())
    expect(error.message).toMatch(/^Cannot connect container c to the network: EPERM/)
  },
)

test('openNetworks() refuses invalid interface names, and IDs that are not file names', async () => {
  const wrong = () => openNetworks({ run: '/nowhere', bridge: { name: 'a/b' } })
  expect(wrong).toThrow('Cannot call a bridge "a/b"')
  const networks = openNetworks({ run: '/nowhere' })
  await expect(networks.detach('../escape')).rejects.toThrow('as the id of a container')
})

function countVeths(bed: Testbed): number {
  return bed.exec(bed.host, 'ip', '-o', 'link').match(/: veth/g)?.length ?? 0
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 5000
  while (!condition()) {
    if (performance.now() > deadline) throw new Error('the condition was false for 5 s')
    await Bun.sleep(10)
  }
}
