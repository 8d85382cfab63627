import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { importBusybox, writeContext } from './busybox.ts'
import { descendants, processes } from './processes.ts'
import { command, missing, openStrake, program, type Strake } from './strake.ts'

const reason = missing('busybox', 'tar')
if (reason) console.info(`skipped: clients that vanish: ${reason}`)

/** Clients that leave in the middle of every kind of request. Afterwards nothing of them is left. */
describe.skipIf(reason !== undefined)('a client that vanishes', () => {
  let strake: Strake
  let server: Bun.Subprocess
  let socket: string

  beforeAll(async () => {
    strake = await openStrake()
    await importBusybox(strake)
    socket = join(strake.directory, 'api.sock')
    const child = Bun.spawn([program, 'system', 'serve', '-H', `unix://${socket}`], {
      env: { PATH: process.env['PATH'] ?? '', ...strake.env },
      stdout: 'pipe',
      stderr: 'inherit',
    })
    server = child
    await child.stdout.getReader().read()
    // Everything that the server loads at its first use is loaded now.
    await strake.ok('run', '-d', '--name', 'host', 'busybox', 'sleep', '1000')
    await ask('GET', '/containers/host/json')
  })
  afterAll(async () => {
    server?.kill('SIGTERM')
    await server?.exited
    await strake?.[Symbol.asyncDispose]()
  })

  const ask = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const response = await fetch(`http://docker${path}`, {
      unix: socket,
      method,
      // A connection that is kept would count as one of a client.
      keepalive: false,
      ...(body === undefined
        ? {}
        : { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) }),
    })
    const text = await response.text()
    return text === '' ? undefined : JSON.parse(text)
  }

  /** Processes, mounts, descriptors and unfinished files that belong to the server. */
  function inventory(): Readonly<Record<string, unknown>> {
    const files = ['ingest', 'scratch', 'trash'].flatMap((name) => {
      const path = join(strake.root, name)
      if (!existsSync(path)) return []
      // A download has the name of its content, and is continued by the next pull.
      const others = readdirSync(path).filter((file) => !file.startsWith('sha256-'))
      return others.map((file) => `${name}/${file}`)
    })
    const mounts = readFileSync('/proc/self/mountinfo', 'utf8')
      .split('\n')
      // A chain of layers stays mounted for later containers.
      .filter((line) => line.includes(strake.directory) && !/\/mounts\/chain-\w+ /.test(line))
    return {
      processes: descendants(server.pid).length,
      mounts: mounts.length,
      connections: connectionsOf(server.pid),
      files,
    }
  }

  /** Waits until the connections of earlier clients are closed: their number does not change. */
  async function settled(): Promise<void> {
    for (let same = 0, last = -1; same < 8; ) {
      const now = connectionsOf(server.pid)
      same = now === last ? same + 1 : 0
      last = now
      await Bun.sleep(15)
    }
  }

  /** Lets a client do something, vanish, and compares with what was there before. */
  async function vanishing(act: (client: Socket) => Promise<void>): Promise<void> {
    await settled()
    const before = inventory()
    for (const isAbrupt of [false, true]) {
      const client = connect(socket)
      client.on('error', () => {})
      await act(client)
      if (isAbrupt) client.resetAndDestroy()
      else client.destroy()
    }
    for (let count = 0; count < 600; count += 1) {
      if (Bun.deepEquals(inventory(), before)) break
      await Bun.sleep(20)
    }
    expect(inventory()).toEqual(before)
    expect(await ask('GET', '/containers/host/json')).toMatchObject({ State: { Running: true } })
  }

  const send = (
    client: Socket,
    method: string,
    path: string,
    ...headers: readonly string[]
  ): void => {
    client.write([`${method} ${path} HTTP/1.1`, 'Host: d', ...headers, '', ''].join('\r\n'))
  }
  const received = (client: Socket): Promise<string> =>
    new Promise((resolve) => client.once('data', (data) => resolve(String(data))))

  test('leaves nothing of logs, events, stats and waits', async () => {
    const paths = [
      ['GET', '/containers/host/logs?follow=1&stdout=1'],
      ['GET', '/events'],
      ['GET', '/containers/host/stats'],
      ['POST', '/containers/host/wait'],
      ['POST', '/containers/host/wait?condition=removed'],
    ] as const
    for (const [method, path] of paths) {
      await vanishing(async (client) => {
        send(client, method, path)
        expect(await received(client)).toStartWith('HTTP/1.1 200')
      })
    }
  })

  test('leaves nothing of an attach, with and without an upgrade', async () => {
    for (const headers of [['Connection: Upgrade', 'Upgrade: tcp'], []]) {
      await vanishing(async (client) => {
        const path = '/containers/host/attach?stream=1&stdin=1&stdout=1&stderr=1'
        send(client, 'POST', path, ...headers)
        expect(await received(client)).toMatch(/^HTTP\/1.1 (101|200)/)
        client.write('hello')
      })
    }
  })

  test('leaves a process that it has started running, and its exit code known', async () => {
    for (const headers of [['Connection: Upgrade', 'Upgrade: tcp'], []]) {
      const ids: string[] = []
      await vanishing(async (client) => {
        const Cmd = ['sh', '-c', 'cat; sleep 0.3; yes | head -c 1000000; exit 7']
        const wish = { Cmd, AttachStdin: true, AttachStdout: true }
        const made = (await ask('POST', '/containers/host/exec', wish)) as { Id: string }
        ids.push(made.Id)
        const json = ['Content-Type: application/json', 'Content-Length: 2']
        send(client, 'POST', `/exec/${made.Id}/start`, ...json, ...headers)
        client.write('{}')
        if (ids.length === 1) await received(client)
      })
      for (const id of ids) {
        expect(await ask('GET', `/exec/${id}/json`)).toMatchObject({ Running: false, ExitCode: 7 })
      }
    }
    expect(zombiesOf(server.pid)).toEqual([])
  })

  test('leaves nothing of an archive that it was uploading', async () => {
    const archive = await tarOf(await writeContext(join(strake.directory, 'files'), large))
    await vanishing(async (client) => {
      const length = `Content-Length: ${archive.length}`
      send(client, 'PUT', '/containers/host/archive?path=/tmp', length)
      client.write(archive.subarray(0, archive.length / 2))
      await Bun.sleep(100)
    })
    await vanishing(async (client) => {
      send(client, 'POST', '/images/load', `Content-Length: ${archive.length}`)
      client.write(archive.subarray(0, archive.length / 2))
      await Bun.sleep(100)
    })
  })

  test('leaves nothing of a build: not in its context, and not in its steps', async () => {
    const Dockerfile = 'FROM busybox\nCOPY . /\nRUN echo begun && sleep 1000\n'
    const archive = await tarOf(
      await writeContext(join(strake.directory, 'build'), { ...large, Dockerfile }),
    )
    const headers = ['Content-Type: application/x-tar', `Content-Length: ${archive.length}`]
    // The process that builds is there from now on, and some time longer than its last build.
    await fetch('http://docker/build', { unix: socket, method: 'POST', keepalive: false })
    await vanishing(async (client) => {
      send(client, 'POST', '/build', ...headers)
      client.write(archive.subarray(0, archive.length / 2))
      await Bun.sleep(100)
    })
    await vanishing(async (client) => {
      send(client, 'POST', '/build', ...headers)
      client.write(archive)
      let text = ''
      while (!text.includes('begun\\n')) text += await received(client)
    })
  })

  test('leaves nothing of a pull', async () => {
    const registry = stallingRegistry()
    await vanishing(async (client) => {
      const asked = registry.asked()
      send(client, 'POST', `/images/create?fromImage=localhost:${registry.port}/app&tag=1`)
      await asked
    })
    await registry.stop()
  })

  test('or does not read costs little memory, and stops nobody else', async () => {
    const print = 'yes 0123456789012345678901234567890123456789 | head -c 24000000'
    await strake.ok('run', '--name', 'loud', 'busybox', 'sh', '-c', `${print}; echo end`)
    const live = ['--log-driver', 'none', 'busybox', 'sh', '-c', `read x; ${print}`]
    await strake.ok('run', '-d', '-i', '--name', 'live', ...live)
    const before = residentOf(server.pid)
    const clients = Array.from({ length: 4 }, (_, index) => {
      const client = connect(socket)
      client.pause()
      if (index < 3) send(client, 'GET', '/containers/loud/logs?stdout=1&follow=1')
      else {
        const path = '/containers/live/attach?stream=1&stdin=1&stdout=1'
        send(client, 'POST', path, 'Connection: Upgrade', 'Upgrade: tcp')
        setTimeout(() => client.write('go\n'), 200)
      }
      return client
    })
    await Bun.sleep(1000)
    expect(residentOf(server.pid) - before).toBeLessThan(48)
    const response = await fetch('http://docker/containers/loud/logs?stdout=1&tail=1', {
      unix: socket,
    })
    expect(await response.text()).toEndWith('end\n')
    for (const client of clients) client.destroy()
    await strake.ok('rm', '-f', 'loud', 'live')
  })
})

/** Mebibytes of memory that a process uses. */
function residentOf(pid: number): number {
  const [, kibibytes] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kibibytes) / 1024
}

const large = { one: 'x'.repeat(300_000), two: 'y'.repeat(300_000) }

async function tarOf(directory: string): Promise<Uint8Array> {
  const archive = `${directory}.tar`
  await command(['tar', '-C', directory, '-cf', archive, '.'])
  return new Uint8Array(readFileSync(archive))
}

/** A registry that sends the beginning of a layer, and then nothing. */
function stallingRegistry() {
  const digest = (text: string): string =>
    `sha256:${new Bun.CryptoHasher('sha256').update(text).digest('hex')}`
  const config = JSON.stringify({
    os: 'linux',
    architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
    rootfs: { type: 'layers', diff_ids: [digest('never')] },
  })
  const layer = { mediaType: 'application/vnd.oci.image.layer.v1.tar', size: 100_000 }
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: {
      mediaType: 'application/vnd.oci.image.config.v1+json',
      digest: digest(config),
      size: config.length,
    },
    layers: [{ ...layer, digest: digest('never') }],
  })
  let waiting: (() => void) | undefined
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    idleTimeout: 0,
    fetch({ url }) {
      const { pathname } = new URL(url)
      const type = 'application/vnd.oci.image.manifest.v1+json'
      if (pathname.includes('/manifests/')) {
        return new Response(manifest, { headers: { 'Content-Type': type } })
      }
      if (pathname.endsWith(digest(config))) return new Response(config)
      if (!pathname.includes('/blobs/')) return new Response('{}')
      waiting?.()
      const body = new ReadableStream({
        start: (controller) => controller.enqueue(new Uint8Array(1000)),
      })
      return new Response(body, { headers: { 'Content-Length': String(layer.size) } })
    },
  })
  return {
    port: server.port,
    stop: () => server.stop(true),
    /** Resolves when a layer is asked for. */
    asked: () =>
      new Promise<void>((resolve) => {
        waiting = resolve
      }),
  }
}

function zombiesOf(pid: number): readonly string[] {
  return processes()
    .filter(({ parent, state }) => parent === pid && state === 'Z')
    .map(({ name }) => name)
}

/** The descriptors of a process that are sockets. */
function connectionsOf(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).filter((fd) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`).startsWith('socket:')
    } catch {
      return false
    }
  }).length
}
