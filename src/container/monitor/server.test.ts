import { afterEach, beforeEach, expect, test } from 'bun:test'
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { connectMonitor } from '../protocol/connection.ts'
import { encodeFrame, type Frame } from '../protocol/frames.ts'
import { type ClientRequests, type ClientServer, listenForClients } from './server.ts'

let base = ''
/** The requests that the server passed to the container. */
let asked: string[] = []

const requests: ClientRequests = {
  input: async (data) => void asked.push(`input ${Buffer.from(data)}`),
  endInput: async () => void asked.push('end'),
  resize: (rows, columns) => void asked.push(`resize ${rows} ${columns}`),
  wake: () => void asked.push('wake'),
  resume: async () => void asked.push('resume'),
  probe: async () => ({ status: 'unhealthy', exitCode: 1, output: 'no\n' }),
}

beforeEach(() => {
  base = mkdtempSync(`${tmpdir()}/strake-server-`)
  asked = []
})

afterEach(() => rmSync(base, { recursive: true, force: true }))

const end = (server: ClientServer): Promise<void> => server.finish({ code: 7, patience: 1000 })

/** Sends bytes unchanged, and resolves when the server has closed the connection. */
async function sendRaw(path: string, bytes: Uint8Array): Promise<void> {
  const socket = await new Promise<Socket>((resolve, reject) => {
    const made = connect(path, () => resolve(made)).once('error', reject)
  })
  const closed = new Promise((resolve) => socket.on('error', () => {}).once('close', resolve))
  socket.write(bytes)
  await closed
}

/** Connects, sends a request, and waits for the exit code after it. */
async function exchange(path: string, server: ClientServer): Promise<number | undefined> {
  const connection = await connectMonitor(path)
  if (connection === undefined) return undefined
  await connection.send({ kind: 'hello', hello: { output: true } })
  await server.haveListeners(1, 5000)
  await connection.send({ kind: 'stdin', data: Buffer.from('hi') })
  while (!asked.includes('input hi')) await Bun.sleep(1)
  void end(server)
  for await (const frame of connection.frames) if (frame.kind === 'exit') return frame.code
  return undefined
}

test('listenForClients() makes a socket and a directory that only the owner can use', async () => {
  const path = `${base}/run/monitor.sock`
  const server = await listenForClients(path, requests)
  expect(statSync(path).mode & 0o777).toBe(0o600)
  expect(statSync(`${base}/run`).mode & 0o777).toBe(0o700)
  await end(server)
})

test('a client reaches a socket whose path is longer than a socket address', async () => {
  const directory = `${base}/${'long'.repeat(40)}`
  const path = `${directory}/monitor.sock`
  expect(path.length).toBeGreaterThan(108)
  const server = await listenForClients(path, requests)
  expect(await exchange(path, server)).toBe(7)
  rmSync(directory, { recursive: true })
  expect(await connectMonitor(path)).toBeUndefined()
})

test('a socket of a killed monitor counts as absent, and the next monitor replaces it', async () => {
  const path = `${base}/monitor.sock`
  const script = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`
  await Bun.spawn([process.execPath, '-e', script]).exited
  expect(existsSync(path)).toBe(true)
  expect(await connectMonitor(path)).toBeUndefined()
  const server = await listenForClients(path, requests)
  expect(await exchange(path, server)).toBe(7)
})

test('connectMonitor() treats a file that is not a socket as an absent monitor', async () => {
  writeFileSync(`${base}/file`, '')
  mkdirSync(`${base}/directory`)
  for (const name of ['file', 'directory', 'none']) {
    expect(await connectMonitor(`${base}/${name}`)).toBeUndefined()
  }
})

test('a client that asks for a health check gets its result', async () => {
  const path = `${base}/monitor.sock`
  const server = await listenForClients(path, requests)
  const connection = await connectMonitor(path)
  await connection?.send({ kind: 'probe' })
  const answers: Frame[] = []
  for await (const frame of connection?.frames ?? []) {
    answers.push(frame)
    break
  }
  const result = { status: 'unhealthy', exitCode: 1, output: 'no\n' } as const
  expect(answers).toEqual([{ kind: 'probed', result }])
  connection?.destroy()
  await end(server)
})

test('a client that sends other frames is dropped, and other clients stay connected', async () => {
  const path = `${base}/monitor.sock`
  const server = await listenForClients(path, requests)
  const header = (kind: number, size: number): Buffer => {
    const bytes = Buffer.alloc(5, kind)
    bytes.writeUInt32BE(size, 1)
    return bytes
  }
  const wrong = [
    Buffer.from('GET / HTTP/1.1\r\n\r\n'),
    header(1, 0xffff_ffff),
    Buffer.from(encodeFrame({ kind: 'exit', code: 0 })),
    Buffer.from(encodeFrame({ kind: 'stdout', data: Buffer.from('x') })),
    Buffer.concat([header(0, 4), Buffer.from('nope')]),
  ]
  for (const bytes of wrong) await sendRaw(path, bytes)
  expect(asked).toEqual([])
  expect(await exchange(path, server)).toBe(7)
})

test('a client throws for a peer that is not a monitor', async () => {
  const path = `${base}/monitor.sock`
  const stranger = createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
  await new Promise<void>((resolve) => stranger.listen(path, resolve))
  const connection = await connectMonitor(path)
  await expect(Array.fromAsync(connection?.frames ?? [])).rejects.toBeInstanceOf(RangeError)
  stranger.close()
})

test.skipIf(process.getuid?.() !== 0)(
  'another user cannot connect to the socket (needs root)',
  async () => {
    const path = `${base}/monitor.sock`
    const server = await listenForClients(path, requests)
    const script = `require('node:net').connect(${JSON.stringify(path)}).on('connect', () => process.exit(0)).on('error', (e) => process.exit(e.code === 'EACCES' ? 13 : 1))`
    const status = (uid: number): Promise<number> =>
      Bun.spawn(['setpriv', `--reuid=${uid}`, '--clear-groups', process.execPath, '-e', script], {
        stdio: ['ignore', 'ignore', 'ignore'],
      }).exited
    Bun.spawnSync(['chmod', '755', base])
    expect(await status(0)).toBe(0)
    expect(await status(65_534)).toBe(13)
    await end(server)
  },
)
