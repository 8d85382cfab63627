import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { removeNetworkNamespace } from '#platform'
import type { Attachment, AttachOptions } from '../model.ts'
import type { DriverAnswer, DriverCall } from './driver.ts'

/** The reason why these tests cannot run on this machine; `undefined` when they can. */
export function missingForTests(): string | undefined {
  if (process.getuid?.() !== 0) return 'network tests need root'
  const missing = ['ip', 'nft', 'nsenter'].find((program) => Bun.which(program) === null)
  return missing && `network tests need ${missing}`
}

export interface Outcome {
  readonly exitCode: number
  readonly stdout: string
}

/** A process that uses the networks, in the namespace that represents the host. */
export interface Driver extends AsyncDisposable {
  call(call: DriverCall): Promise<DriverAnswer>
  /** Attaches to the bridge, and throws the error of `attach`. */
  attach(options: Omit<AttachOptions, 'kind'> & { readonly ip: string }): Promise<Attachment>
}

/**
 * A host for one test: the namespace `host` with an uplink (198.51.100.1) to the namespace
 * `outside` (198.51.100.2), which has no route to containers. Changes nothing in the namespace of
 * the test except the names of these two.
 */
export interface Testbed extends AsyncDisposable {
  readonly host: string
  readonly outside: string
  readonly run: string
  /** Starts a process on the store of the testbed, or on another store, which chooses its own subnet. */
  openDriver(store?: string): Driver
  /** Runs a program in a namespace; throws when it fails. */
  exec(namespace: string, ...argv: readonly string[]): string
  tryExec(namespace: string, ...argv: readonly string[]): Outcome
  /** Starts a server that answers `name <address it sees>`. */
  serve(
    namespace: string,
    protocol: 'tcp' | 'udp' | 'tcp6' | 'udp6',
    port: number,
    name: string,
  ): Promise<void>
  /** Ends every server: a process keeps its namespace alive. */
  stopServers(): Promise<void>
  /** Returns the response of a server; `undefined` without one. `from` is the local port of UDP. */
  ask(
    namespace: string,
    protocol: 'tcp' | 'udp',
    address: string,
    port: number,
    from?: number,
  ): Promise<string | undefined>
}

const subnet = '10.89.0.0/16'

export function openTestbed(): Testbed {
  const run = mkdtempSync(`${tmpdir()}/strake-network-`)
  const id = run.slice(-6)
  const names = { host: `strake-test-${id}-host`, outside: `strake-test-${id}-out` }
  const host = `/run/netns/${names.host}`
  const outside = `/run/netns/${names.outside}`
  const processes: Bun.Subprocess[] = []

  function tryExec(namespace: string, ...argv: readonly string[]): Outcome {
    const result = Bun.spawnSync(['nsenter', `--net=${namespace}`, ...argv], { stderr: 'pipe' })
    return {
      exitCode: result.exitCode,
      stdout: result.stdout.toString() + result.stderr.toString(),
    }
  }

  function exec(namespace: string, ...argv: readonly string[]): string {
    const { exitCode, stdout } = tryExec(namespace, ...argv)
    if (exitCode !== 0) throw new Error(`${argv.join(' ')}: ${stdout}`)
    return stdout
  }

  const testbed: Testbed = {
    host,
    outside,
    run,
    exec,
    tryExec,

    openDriver(store) {
      if (store === undefined) return startDriver(host, run, 'strake0', subnet)
      return startDriver(host, join(run, store), `strake${store}`)
    },

    async serve(namespace, protocol, port, name) {
      const server = startPeer(namespace, 'serve', protocol, String(port), name)
      processes.push(server)
      const { value } = await server.stdout.getReader().read()
      if (value === undefined) throw new Error(`no server ${name}`)
    },

    async ask(namespace, protocol, address, port, from = 0) {
      const client = startPeer(namespace, 'ask', protocol, address, String(port), String(from))
      const answer = await new Response(client.stdout).text()
      return (await client.exited) === 0 ? answer : undefined
    },

    async stopServers() {
      for (const child of processes) child.kill('SIGKILL')
      await Promise.all(processes.map((child) => child.exited))
    },

    async [Symbol.asyncDispose]() {
      await testbed.stopServers()
      for (const name of readNames(join(run, 'netns')))
        removeNetworkNamespace(join(run, 'netns', name))
      for (const name of Object.values(names)) Bun.spawnSync(['ip', 'netns', 'del', name])
      rmSync(run, { recursive: true, force: true })
    },
  }
  try {
    prepareNamespaces(names, exec)
  } catch (error) {
    for (const name of Object.values(names)) Bun.spawnSync(['ip', 'netns', 'del', name])
    throw error
  }
  return testbed
}

function prepareNamespaces(
  names: { readonly host: string; readonly outside: string },
  exec: Testbed['exec'],
): void {
  const host = `/run/netns/${names.host}`
  const outside = `/run/netns/${names.outside}`
  for (const name of Object.values(names)) {
    const { exitCode, stderr } = Bun.spawnSync(['ip', 'netns', 'add', name], { stderr: 'pipe' })
    if (exitCode !== 0) throw new Error(stderr.toString())
  }
  const commands = [
    [host, `link add uplink type veth peer name eth0 netns ${names.outside}`],
    [host, 'link set lo up'],
    [host, 'link set uplink up'],
    [host, 'addr add 198.51.100.1/24 dev uplink'],
    [host, 'route add default via 198.51.100.2'],
    [outside, 'link set lo up'],
    [outside, 'link set eth0 up'],
    [outside, 'addr add 198.51.100.2/24 dev eth0'],
  ] as const
  for (const [namespace, command] of commands) exec(namespace, 'ip', ...command.split(' '))
}

function startPeer(
  namespace: string,
  ...args: readonly string[]
): Bun.Subprocess<'ignore', 'pipe', 'inherit'> {
  const program = join(import.meta.dirname, 'peer.ts')
  return Bun.spawn(['nsenter', `--net=${namespace}`, process.execPath, program, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}

function startDriver(namespace: string, ...options: readonly string[]): Driver {
  const program = join(import.meta.dirname, 'driver.ts')
  const argv = [process.execPath, program, ...options]
  const child = Bun.spawn(['nsenter', `--net=${namespace}`, ...argv], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const answers = lines(child.stdout)
  const call = async (request: DriverCall): Promise<DriverAnswer> => {
    child.stdin.write(`${JSON.stringify(request)}\n`)
    child.stdin.flush()
    const { value } = await answers.next()
    if (value === undefined) throw new Error('the driver has ended')
    return JSON.parse(value)
  }
  return {
    call,
    async attach({ ip, ...options }) {
      const answer = await call({ method: 'attach', options: { ...options, kind: 'bridge' }, ip })
      if (answer.error !== undefined) throw new Error(answer.error.message)
      return answer.value as Attachment
    },
    async [Symbol.asyncDispose]() {
      child.stdin.end()
      await child.exited
    },
  }
}

async function* lines(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of stream) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = parts.pop() ?? ''
    yield* parts
  }
}

function readNames(directory: string): readonly string[] {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}
