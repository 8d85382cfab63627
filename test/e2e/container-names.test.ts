import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { importBusybox } from './busybox.ts'
import { command, missing, openStrake, type Strake } from './strake.ts'

const reason = missing('busybox', 'tar', 'runc', 'nft', 'nsenter')
if (reason) console.info(`skipped: names of containers: ${reason}`)

describe.skipIf(reason !== undefined)('names of containers', () => {
  let strake: Strake
  beforeAll(async () => {
    strake = await openStrake()
    await importBusybox(strake)
    await strake.ok('network', 'create', 'back')
  })
  afterAll(async () => strake[Symbol.asyncDispose]())

  const start = (name: string, ...options: readonly string[]): Promise<string> =>
    strake.ok('run', '-d', '--name', name, ...options, 'busybox', 'sleep', '60')

  /** Asks for a name in the network of a container, by the tool of the host. */
  async function lookUp(container: string, ...words: readonly string[]): Promise<string> {
    const pid = await strake.ok('inspect', '-f', '{{.State.Pid}}', container)
    const program = `${import.meta.dir}/ask-name.ts`
    const argv = ['nsenter', `--net=/proc/${pid}/ns/net`, process.execPath, program, ...words]
    const { stdout, stderr } = await command(argv)
    return stdout.trim() || stderr
  }

  const addressOf = (container: string, network: string): Promise<string> =>
    strake.ok('inspect', '-f', `{{.NetworkSettings.Networks.${network}.IPAddress}}`, container)

  test('are known on a network that a user made, with aliases and IDs, by UDP and TCP', async () => {
    const id = await start('web', '--network', 'back', '--network-alias', 'www')
    await start('other', '--network', 'name=back,alias=www')
    const [web, other] = [await addressOf('web', 'back'), await addressOf('other', 'back')]
    for (const name of ['web', 'WEB', 'web.back', id.slice(0, 12)]) {
      expect(await lookUp('other', 'udp', name, 'A')).toBe(`0 ${web}`)
    }
    expect(await lookUp('other', 'tcp', 'www', 'A')).toBe(`0 ${[web, other].sort().join(' ')}`)
    expect(await lookUp('other', 'udp', 'web', 'AAAA')).toBe('0')
    expect(await strake.ok('exec', 'other', 'cat', '/etc/resolv.conf')).toStartWith(
      'nameserver 127.0.0.11\n',
    )
    const inspected = await strake.ok(
      ...['inspect', '-f', '{{json .NetworkSettings.Networks.back.DNSNames}}', 'web'],
    )
    expect(JSON.parse(inspected)).toEqual(['web', 'www', id.slice(0, 12)])
    await strake.ok('rm', '-f', 'web')
    expect(await lookUp('other', 'udp', 'www', 'A')).toBe(`0 ${other}`)
    await strake.ok('rm', '-f', 'other')
  }, 60_000)

  test('leave port 53 of all addresses to the container', async () => {
    const listen = ['httpd', '-f', '-p', '0.0.0.0:53', '-h', '/']
    await strake.ok('run', '-d', '--name', 'taker', '--network', 'back', 'busybox', ...listen)
    expect(await lookUp('taker', 'tcp', 'taker', 'A')).toBe(`0 ${await addressOf('taker', 'back')}`)
    expect(await strake.ok('inspect', '-f', '{{.State.Running}}', 'taker')).toBe('true')
    await strake.ok('rm', '-f', 'taker')
  }, 60_000)

  test('are not known outside their network, and internal ones ask no other server', async () => {
    await strake.ok('network', 'create', '--internal', 'inner')
    await start('inside', '--network', 'inner', '--dns', '127.0.0.1')
    await start('db', '--network', 'back')
    // An error of the server, before it has asked another one.
    expect(await lookUp('inside', 'udp', 'db', 'A')).toBe('2')
    expect(await lookUp('inside', 'udp', 'inside', 'A')).toBe(
      `0 ${await addressOf('inside', 'inner')}`,
    )
    await strake.ok('rm', '-f', 'inside', 'db')
  }, 60_000)

  test('follow a running container that is connected and disconnected', async () => {
    await start('db', '--network', 'back')
    await start('late', '-p', '80')
    await strake.ok('network', 'connect', '--alias', 'delayed', 'back', 'late')
    const address = await addressOf('late', 'back')
    expect(await lookUp('db', 'udp', 'delayed', 'A')).toBe(`0 ${address}`)
    expect(await lookUp('late', 'udp', 'db', 'A')).toBe(`0 ${await addressOf('db', 'back')}`)
    expect(await strake.ok('exec', 'late', 'cat', '/etc/resolv.conf')).toStartWith(
      'nameserver 127.0.0.11\n',
    )
    expect(await strake.ok('exec', 'late', 'ip', 'route')).toContain('dev eth1')
    expect(await strake('network', 'connect', 'back', 'late')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('endpoint with name late already exists in network back'),
    })
    await strake.ok('network', 'disconnect', 'bridge', 'late')
    expect(await strake.ok('port', 'late')).toBe('')
    await strake.ok('restart', '-t', '0', 'late')
    expect(await strake.ok('exec', 'late', 'ip', '-o', '-4', 'addr', 'show', 'eth0')).toContain(
      await addressOf('late', 'back'),
    )
    await strake.ok('network', 'disconnect', 'back', 'late')
    expect(await lookUp('db', 'udp', 'late', 'A')).not.toStartWith('0')
    expect((await strake('network', 'disconnect', 'back', 'late')).stderr).toContain(
      'container late is not connected to network back',
    )
    await strake.ok('network', 'disconnect', '--force', 'back', 'late')
    await strake.ok('rm', '-f', 'db', 'late')
  }, 60_000)
})
