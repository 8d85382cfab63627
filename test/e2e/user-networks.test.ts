import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type Namespaces, openNamespaces } from '../docker/namespaces.ts'
import { importBusybox } from './busybox.ts'
import { command, missing, openStrake, type Strake } from './strake.ts'

const reason = missing('busybox', 'tar', 'runc', 'nft', 'ip', 'unshare', 'nsenter', 'curl')
if (reason) console.info(`skipped: networks of users: ${reason}`)

describe.skipIf(reason !== undefined)('networks of users', () => {
  // Another test may use the same subnets at the same time.
  let namespaces: Namespaces
  let strake: Strake
  beforeAll(async () => {
    namespaces = await openNamespaces()
    strake = await openStrake({}, namespaces.enter)
    await importBusybox(strake)
  })
  afterAll(async () => {
    await strake?.[Symbol.asyncDispose]()
    await namespaces?.[Symbol.asyncDispose]()
  })

  const outputOf = async (...argv: readonly string[]): Promise<string> =>
    (await command([...namespaces.enter, ...argv])).stdout
  const shell = (network: string, script: string): Promise<string> =>
    strake.ok('run', '--rm', '--network', network, 'busybox', 'sh', '-c', script)

  test('are created, listed and inspected', async () => {
    const id = await strake.ok('network', 'create', '--label', 'tier=db', 'back')
    expect(id).toMatch(/^[0-9a-f]{64}$/)
    expect(await strake.ok('network', 'ls', '-q', '-f', 'label=tier=db')).toBe(id.slice(0, 12))
    const format = '{{.Name}} {{.Driver}} {{.Scope}}'
    expect(await strake.ok('network', 'ls', '--format', format)).toBe(
      'back bridge local\nbridge bridge local\nhost host local\nnone null local',
    )
    await strake.ok('run', '-d', '--name', 'db', '--network', 'back', 'busybox', 'sleep', '60')
    const [document] = JSON.parse(await strake.ok('network', 'inspect', id.slice(0, 8)))
    const [{ NetworkSettings }] = JSON.parse(await strake.ok('inspect', 'db'))
    const { IPAddress, MacAddress, Gateway, NetworkID } = NetworkSettings.Networks.back
    expect(NetworkID).toBe(id)
    expect(document).toMatchObject({
      Name: 'back',
      Id: id,
      Labels: { tier: 'db' },
      IPAM: { Driver: 'default', Config: [{ Gateway }] },
    })
    expect(Object.values(document.Containers)).toEqual([
      expect.objectContaining({ Name: 'db', MacAddress, IPv4Address: `${IPAddress}/24` }),
    ])
    expect(await strake.ok('ps', '--filter', 'network=back', '--format', '{{.Networks}}')).toBe(
      'back',
    )
  }, 30_000)

  test('are removed only while no container runs on them', async () => {
    expect(await strake('network', 'rm', 'back')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('network back has active endpoints (name:"db" id:"'),
    })
    expect((await strake('network', 'create', 'back')).stderr).toContain(
      'network with name back already exists',
    )
    expect(await strake('run', '--network', 'nope', 'busybox')).toMatchObject({
      exitCode: 125,
      stderr: expect.stringContaining('network nope not found'),
    })
    await strake.ok('rm', '-f', 'db')
    const interfaceName = `br-${await strake.ok('network', 'ls', '-q', '-f', 'name=back')}`
    const links = (): Promise<string> => outputOf('ip', '-o', 'link')
    const tables = (): Promise<string> => outputOf('nft', 'list', 'tables')
    const table = interfaceName.replace('br-', 'strake_')
    expect(await links()).toContain(interfaceName)
    expect(await tables()).toContain(table)
    expect(await strake.ok('network', 'rm', 'back')).toBe('back')
    expect(await links()).not.toContain(interfaceName)
    expect(await tables()).not.toContain(table)
  }, 30_000)

  test('are separate from each other, and internal ones from everything', async () => {
    await strake.ok('network', 'create', 'front')
    await strake.ok('network', 'create', '--internal', '--subnet', '10.231.7.0/24', 'inner')
    const serve = [
      'sh',
      '-c',
      'mkdir /www; echo here > /www/index.html; exec httpd -f -p 80 -h /www',
    ]
    await strake.ok('run', '-d', '--name', 'web', '--network', 'front', 'busybox', ...serve)
    await strake.ok(
      ...['run', '-d', '--name', 'in', '--network', 'name=inner,ip=10.231.7.9', '-p', '80'],
      ...['busybox', ...serve],
    )
    const web = await strake.ok(
      'inspect',
      '-f',
      '{{.NetworkSettings.Networks.front.IPAddress}}',
      'web',
    )
    const fetchFrom = (address: string): string =>
      `printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc -w 2 ${address} 80 | tail -1 | grep . || echo none`
    expect(await shell('front', `sleep 0.2; ${fetchFrom(web)}`)).toBe('here')
    expect(await shell('bridge', fetchFrom(web))).toBe('none')
    expect(await shell('inner', fetchFrom(web))).toBe('none')
    expect(await shell('inner', fetchFrom('10.231.7.9'))).toBe('here')
    expect(await shell('front', fetchFrom('10.231.7.9'))).toBe('none')
    expect(await shell('inner', 'ip route')).not.toContain('default')
    expect(await strake.ok('inspect', '-f', '{{json .NetworkSettings.Ports}}', 'in')).not.toContain(
      'HostPort',
    )
    await strake.ok('rm', '-f', 'web', 'in')
  }, 60_000)

  test('are joined several at a time; the default route follows names and priorities', async () => {
    const both = (...networks: readonly string[]): Promise<string> =>
      strake.ok(
        ...['run', '--rm', ...networks.flatMap((one) => ['--network', one]), 'busybox'],
        ...['sh', '-c', 'ip -o -4 addr show | cut -d" " -f2; ip route | head -1'],
      )
    await strake.ok('network', 'create', '--subnet', '10.231.8.0/24', 'alpha')
    const usual = await both('front', 'alpha')
    expect(usual).toStartWith('lo\neth0\neth1\ndefault via 10.231.8.1 dev eth1')
    expect(await both('name=front,gw-priority=1', 'alpha')).toContain('dev eth0')
    expect(await both('front', 'inner')).toContain('dev eth0')
  }, 30_000)

  test('have IPv6 addresses, names and published ports', async () => {
    const subnets = ['--subnet', '10.231.9.0/24', '--subnet', 'fd31:9::/64']
    await strake.ok('network', 'create', '--ipv6', ...subnets, 'six')
    const page = 'mkdir /www; echo six > /www/index.html; exec httpd -f -p 80 -h /www'
    await strake.ok(
      ...['run', '-d', '--name', 'web6', '--network', 'six', '--ip6', 'fd31:9::77', '-p', '80'],
      ...['busybox', 'sh', '-c', page],
    )
    const ask = 'until wget -qO- http://[fd31:9::77]/; do sleep 0.1; done; nslookup web6'
    const answer = await shell('six', ask)
    expect(answer).toStartWith('six\n')
    expect(answer).toContain('Address: fd31:9::77')
    const inspected = await strake.ok(
      ...[
        'inspect',
        '-f',
        '{{json .NetworkSettings.Networks.six}} {{json .NetworkSettings.Ports}}',
      ],
      'web6',
    )
    expect(inspected).toContain('"GlobalIPv6Address":"fd31:9::77"')
    const port = /"HostIp":"::","HostPort":"(\d+)"/.exec(inspected)?.[1]
    expect(await outputOf('curl', '-s', '-g', `http://[::1]:${port}/`)).toBe('six\n')
    const refused = await strake('run', '--rm', '--network', 'front', '--ip6', 'fd00::2', 'busybox')
    expect(refused).toMatchObject({
      exitCode: 125,
      stderr: expect.stringContaining('the network has no IPv6 addresses'),
    })
    await strake.ok('rm', '-f', 'web6')
    await strake.ok('network', 'rm', 'six')
  }, 30_000)

  test('are pruned when no container names them, running or not', async () => {
    await strake.ok('create', '--name', 'kept', '--network', 'front', 'busybox')
    expect(await strake.ok('network', 'prune', '--force')).toBe('Deleted Networks:\nalpha\ninner')
    await strake.ok('rm', 'kept')
    expect(await strake.ok('system', 'prune', '--force')).toContain('Deleted Networks:\nfront\n')
    expect(await strake.ok('network', 'ls', '-q', '-f', 'type=custom')).toBe('')
  }, 30_000)
})
