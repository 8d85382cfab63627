import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { importBusybox } from './busybox.ts'
import { command, missing, openStrake, program, type Strake } from './strake.ts'

const reason = missing('busybox', 'tar', 'runc', 'nft')
if (reason) console.info(`skipped: network: ${reason}`)

describe.skipIf(reason !== undefined)('network', () => {
  let strake: Strake

  beforeAll(async () => {
    strake = await openStrake()
    await importBusybox(strake)
  })
  afterAll(async () => strake[Symbol.asyncDispose]())

  const serve = (...options: readonly string[]): Promise<string> =>
    strake.ok(
      'run',
      '-d',
      ...options,
      'busybox',
      'sh',
      '-c',
      'mkdir /www; echo hello from $(hostname) > /www/index.html; exec httpd -f -p 80 -h /www',
    )

  const fetchText = async (url: string): Promise<string> => {
    for (let attempt = 0; ; attempt++) {
      try {
        return await (await fetch(url)).text()
      } catch (error) {
        if (attempt === 50) throw error
        await Bun.sleep(100)
      }
    }
  }

  test('a published port answers on the loopback address', async () => {
    await serve('--name', 'web', '--hostname', 'web', '-p', '127.0.0.1::80')
    const [{ NetworkSettings }] = JSON.parse(await strake.ok('inspect', 'web'))
    const [binding] = NetworkSettings.Ports['80/tcp']
    expect(await fetchText(`http://127.0.0.1:${binding.HostPort}/`)).toBe('hello from web\n')
    expect(await strake.ok('ps')).toContain(`127.0.0.1:${binding.HostPort}->80/tcp`)
    await strake.ok('rm', '-f', 'web')
    expect(fetch(`http://127.0.0.1:${binding.HostPort}/`)).rejects.toThrow()
  }, 30_000)

  test('a published port answers on IPv6 addresses too', async () => {
    await serve('--name', 'six', '--hostname', 'six', '-p', '[::1]::80')
    await serve('--name', 'both', '--hostname', 'both', '-p', '80')
    const bindings = async (name: string): Promise<{ HostIp: string; HostPort: string }[]> => {
      const [{ NetworkSettings }] = JSON.parse(await strake.ok('inspect', name))
      return NetworkSettings.Ports['80/tcp']
    }
    const [six] = await bindings('six')
    expect(await fetchText(`http://[::1]:${six?.HostPort}/`)).toBe('hello from six\n')
    const both = await bindings('both')
    expect(both.map(({ HostIp }) => HostIp)).toEqual(['0.0.0.0', '::'])
    const port = both[0]?.HostPort
    expect(both[1]?.HostPort).toBe(port)
    for (const host of ['127.0.0.1', '[::1]']) {
      expect(await fetchText(`http://${host}:${port}/`)).toBe('hello from both\n')
    }
    const shown = await strake.ok('ps')
    expect(shown).toContain(`[::1]:${six?.HostPort}->80/tcp`)
    expect(shown).toContain(`0.0.0.0:${port}->80/tcp, [::]:${port}->80/tcp`)
    const taken = await strake('run', '--rm', '-p', `[::1]:${port}:80`, 'busybox', 'true')
    expect(taken).toMatchObject({
      exitCode: 125,
      stderr: expect.stringContaining(
        `Cannot publish port [::1]:${port}: port is already allocated`,
      ),
    })
    await strake.ok('rm', '-f', 'six', 'both')
    expect(fetch(`http://[::1]:${port}/`)).rejects.toThrow()
  }, 30_000)

  test('an absent nft is reported before a container runs, and ports are removed without it', async () => {
    const hide =
      'for f in /usr/sbin/nft /usr/bin/nft; do [ ! -e $f ] || mount --bind /dev/null $f; done'
    const script = [
      '$0 run -d --name early -p 127.0.0.1:18462:80 busybox sleep 100',
      hide,
      '$0 rm -f early',
      '$0 run --rm -p 80 -v "$1:/out" busybox touch /out/ran; echo $?',
      '$0 run --rm busybox echo runs',
    ].join('; ')
    const inside = ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', script]
    const { directory, env } = strake
    const { stdout, stderr } = await command([...inside, program, directory], { env })
    expect(stdout).toMatch(/^[0-9a-f]{64}\nearly\n125\nruns\n$/)
    expect(stderr).toContain('Cannot write firewall rules: nft is not installed')
    expect(existsSync(`${directory}/ran`)).toBe(false)
    const again = ['run', '--rm', '-p', '127.0.0.1:18462:80', 'busybox', 'echo', 'free']
    expect(await strake.ok(...again)).toBe('free')
  }, 30_000)

  test('containers on the bridge reach each other by address', async () => {
    await serve('--name', 'server', '--hostname', 'server')
    const [{ NetworkSettings }] = JSON.parse(await strake.ok('inspect', 'server'))
    const shown = await strake.ok(
      'run',
      '--rm',
      'busybox',
      'wget',
      '-q',
      '-O',
      '-',
      `http://${NetworkSettings.IPAddress}/`,
    )
    expect(shown).toBe('hello from server')
    await strake.ok('rm', '-f', 'server')
  }, 30_000)

  test('--network none has only a loopback device', async () => {
    const shown = await strake.ok('run', '--rm', '--network', 'none', 'busybox', 'ip', '-o', 'link')
    expect(shown.split('\n')).toHaveLength(1)
    expect(shown).toContain('lo:')
    expect(shown).toContain('UP')
  })

  test('--network host shares the network of the machine', async () => {
    const shown = await strake.ok(
      'run',
      '--rm',
      '--network',
      'host',
      'busybox',
      'readlink',
      '/proc/self/ns/net',
    )
    const { readlinkSync } = await import('node:fs')
    expect(shown).toBe(readlinkSync('/proc/self/ns/net'))
  })

  test('two containers cannot publish the same port', async () => {
    await serve('--name', 'first', '-p', '127.0.0.1:18480:80')
    const second = await strake('run', '--rm', '-p', '127.0.0.1:18480:80', 'busybox', 'true')
    expect(second.exitCode).toBe(125)
    expect(second.stderr).toContain('18480')
    await strake.ok('rm', '-f', 'first')
  }, 30_000)
})
