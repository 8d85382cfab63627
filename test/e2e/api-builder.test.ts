import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { importBusybox, writeContext } from './busybox.ts'
import { descendants, isRunning, textOf } from './processes.ts'
import { end } from './servers.ts'
import { command, missing, openStrake, program, type Strake } from './strake.ts'

const reason = missing('busybox', 'tar')
if (reason) console.info(`skipped: the process that builds for a server: ${reason}`)

describe.skipIf(reason !== undefined)('the process that builds for a server', () => {
  let strake: Strake
  let archive: Uint8Array
  beforeAll(async () => {
    strake = await openStrake()
    await importBusybox(strake)
    const Dockerfile = 'FROM busybox\nCOPY text /\nRUN echo begun && sleep 1000\n'
    const files = { Dockerfile, text: crypto.randomUUID() }
    const context = await writeContext(join(strake.directory, 'context'), files)
    await command(['tar', '-C', context, '-cf', `${context}.tar`, '.'])
    archive = new Uint8Array(readFileSync(`${context}.tar`))
  })
  const servers: Bun.Subprocess[] = []
  afterAll(async () => {
    // Those of failed tests.
    for (const server of servers) server.kill('SIGKILL')
    await strake?.[Symbol.asyncDispose]()
  })

  async function serve(): Promise<{ readonly child: Bun.Subprocess; readonly socket: string }> {
    const socket = join(strake.directory, `${crypto.randomUUID().slice(0, 8)}.sock`)
    const child = Bun.spawn([program, 'system', 'serve', '-H', `unix://${socket}`], {
      env: { PATH: process.env['PATH'] ?? '', ...strake.env },
      stdout: 'pipe',
      stderr: 'inherit',
    })
    servers.push(child)
    await child.stdout.getReader().read()
    return { child, socket }
  }

  /** Begins a build, and waits until its RUN prints. */
  async function beginBuild(socket: string, query = ''): Promise<Socket> {
    const client = connect(socket)
    client.on('error', () => {})
    const length = `Content-Length: ${archive.length}`
    const head = [`POST /build${query} HTTP/1.1`, 'Host: d', length, '', '']
    client.write(head.join('\r\n'))
    client.write(archive)
    let text = ''
    client.on('data', (data) => {
      text += String(data)
    })
    await until(() => text.includes('begun\\n'))
    return client
  }

  const get = async (socket: string, path: string): Promise<string> =>
    await (await fetch(`http://docker${path}`, { unix: socket })).text()

  test('delays no answer: the server answers while it does not run at all', async () => {
    const { child, socket } = await serve()
    const client = await beginBuild(socket)
    const builder = builderOf(child.pid) ?? 0
    process.kill(builder, 'SIGSTOP')
    expect(await get(socket, '/_ping')).toBe('OK')
    expect(JSON.parse(await get(socket, '/images/json'))).toHaveLength(1)
    process.kill(builder, 'SIGCONT')
    client.destroy()
    await until(() => descendants(builder).length === 0)
    await end(child)
    expect(isRunning(builder)).toBe(false)
  })

  test('cancels a build by the ID that its client gave it', async () => {
    const { child, socket } = await serve()
    const client = await beginBuild(socket, '?buildid=mine')
    const builder = builderOf(child.pid) ?? 0
    expect(descendants(builder).length).toBeGreaterThan(0)
    const url = 'http://docker/build/cancel?id=mine'
    expect((await fetch(url, { unix: socket, method: 'POST' })).status).toBe(200)
    await until(() => descendants(builder).length === 0)
    client.destroy()
    await end(child)
  })

  test('ends with its server, however that ends, and so does its RUN', async () => {
    const { child, socket } = await serve()
    await beginBuild(socket)
    const builder = builderOf(child.pid) ?? 0
    const steps = descendants(builder)
    expect(steps.length).toBeGreaterThan(0)
    child.kill('SIGKILL')
    await until(() => ![builder, ...steps].some(isRunning))
  })

  test('compiles nothing with the compiler for the hottest code', async () => {
    const { child, socket } = await serve()
    const client = await beginBuild(socket)
    const builder = builderOf(child.pid) ?? 0
    const variables = textOf(`/proc/${builder}/environ`).split('\0')
    expect(variables).toContain('BUN_JSC_useFTLJIT=false')
    client.destroy()
    await end(child)
  })

  test('is started again after it was killed', async () => {
    const { child, socket } = await serve()
    const client = await beginBuild(socket)
    const ended = new Promise<void>((resolve) => client.once('close', () => resolve()))
    const builder = builderOf(child.pid) ?? 0
    process.kill(builder, 'SIGKILL')
    await ended
    await until(() => !isRunning(builder))
    const again = await beginBuild(socket)
    again.destroy()
    await end(child)
  })
})

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; !condition(); tries++) {
    if (tries === 3000) throw new Error('it did not happen within 30 seconds')
    await Bun.sleep(10)
  }
}

/** The process that builds for a server. */
function builderOf(server: number): number | undefined {
  return descendants(server).find((pid) => textOf(`/proc/${pid}/cmdline`).includes('__build'))
}
