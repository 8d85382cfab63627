import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { mkdtempDisposable, type TemporaryDirectory } from '#platform'
import { findAgents } from './agents.ts'

let directory: TemporaryDirectory
let server: Server
let socket: string
beforeAll(async () => {
  directory = await mkdtempDisposable(tmpdir(), 'strake-agents-')
  socket = `${directory.path}/s`
  server = createServer()
  await new Promise<void>((resolve) => server.listen(socket, resolve))
})
afterAll(async () => {
  server.close()
  rmSync(engine().run, { recursive: true, force: true })
  await directory[Symbol.asyncDispose]()
})

/** The path of a socket is short, so the directory for it is, too. */
const engine = (env: Record<string, string> = {}) => ({ env, run: `/dev/shm/sa${process.pid}` })
const id = 'default'

describe('findAgents()', () => {
  test('findAgents() finds the agent of the environment, and named sockets', async () => {
    const sources = [
      { id, isRaw: false, paths: [] },
      { id: 'b', paths: [socket], isRaw: true },
    ]
    await using found = await findAgents(sources, engine({ SSH_AUTH_SOCK: socket }))
    expect([...found.agents]).toEqual([
      [id, { socket, isRaw: false }],
      ['b', { socket, isRaw: true }],
    ])
  })

  test('findAgents() refuses anything but one socket or keys', async () => {
    const find = (...paths: readonly string[]) =>
      findAgents([{ id, isRaw: false, paths }], engine())
    await expect(find()).rejects.toMatchObject({
      message: 'Cannot use the SSH agent default: SSH_AUTH_SOCK is not set',
      remedy: 'name a socket: --ssh default=SOCKET',
    })
    await expect(find('/no/such')).rejects.toThrow('there is no /no/such')
    await expect(find('/dev/null')).rejects.toThrow('is neither the socket of an agent nor a key')
    await expect(find(socket, socket)).rejects.toThrow('one socket or several keys')
    const raw = findAgents([{ id, isRaw: true, paths: ['/etc/passwd'] }], engine())
    await expect(raw).rejects.toThrow('/etc/passwd is not the socket of an agent')
    const twice = [
      { id, paths: [socket], isRaw: false },
      { id, paths: [socket], isRaw: false },
    ]
    await expect(findAgents(twice, engine())).rejects.toThrow('it is given twice')
  })
})

const hasOpenssh =
  spawnSync('ssh-agent', ['-V']).error === undefined && existsSync('/usr/bin/ssh-keygen')
const missing = hasOpenssh ? undefined : 'it needs openssh-client'

describe.skipIf(missing !== undefined)(`findAgents() with keys (${missing ?? 'of files'})`, () => {
  const makeKey = (name: string, passphrase: string): string => {
    const path = `${directory.path}/${name}`
    const made = spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', passphrase, '-f', path])
    expect(made.status).toBe(0)
    return path
  }
  const list = (agent: string): string =>
    spawnSync('ssh-add', ['-l'], {
      env: { SSH_AUTH_SOCK: agent, PATH: '/usr/bin:/bin' },
    }).stdout.toString()

  test('findAgents() starts an agent with the keys, which ends with the build', async () => {
    const paths = [makeKey('one', ''), makeKey('two', '')]
    const found = await findAgents([{ id, isRaw: false, paths }], engine())
    const agent = found.agents.get(id)?.socket ?? ''
    expect(list(agent).match(/ED25519/g)).toHaveLength(2)
    await found[Symbol.asyncDispose]()
    expect(existsSync(agent)).toBe(false)
    expect(list(agent)).toBe('')
    expect(readdirSync(`${engine().run}/builds`)).toEqual([])
  })

  test('findAgents() refuses encrypted keys and other files, asks nothing, and leaves no agent', async () => {
    for (const path of [makeKey('locked', 'passphrase'), `${directory.path}/one.pub`]) {
      const refused = findAgents([{ id, isRaw: false, paths: [path] }], engine())
      await expect(refused).rejects.toMatchObject({
        message: `Cannot use the SSH key ${path}: it is encrypted, or no private key`,
        remedy: `give the key to an agent with ssh-add ${path}, and build with --ssh default`,
      })
    }
    expect(readdirSync(`${engine().run}/builds`)).toEqual([])
  })
})
