import { mkdir, stat } from 'node:fs/promises'
import type { SshAgent } from '#build'
import { StrakeError } from '#oci'
import { mkdtempDisposable } from '#platform'
import { ownedName } from '#snapshot'
import { buildsOf } from '../begin-work.ts'
import type { Engine } from '../engine.ts'
import { startKeyAgent } from '../host/key-agent.ts'

/** An SSH agent for RUN and for git: a socket, or private keys; SSH_AUTH_SOCK unless given. */
export interface AgentSource {
  readonly id: string
  /** One socket, or files with private keys. */
  readonly paths: readonly string[]
  readonly isRaw: boolean
}

/** Agents of a build. Disposing them ends those that strake started. */
export interface Agents extends AsyncDisposable {
  /** By ID. */
  readonly agents: ReadonlyMap<string, SshAgent>
}

/** Finds the agents, and starts one for every list of keys. Throws `INVALID`. */
export async function findAgents(
  sources: readonly AgentSource[],
  engine: Pick<Engine, 'env' | 'run'>,
): Promise<Agents> {
  const { env } = engine
  const agents = new Map<string, SshAgent>()
  await using stack = new AsyncDisposableStack()
  for (const { id, isRaw, paths } of sources) {
    if (agents.has(id)) throw refuse(id, 'it is given twice')
    const [path = env['SSH_AUTH_SOCK'] ?? '', ...others] = paths
    if (path === '') {
      throw refuse(id, 'SSH_AUTH_SOCK is not set', `name a socket: --ssh ${id}=SOCKET`)
    }
    const status = await stat(path).catch(() => undefined)
    if (status === undefined) throw refuse(id, `there is no ${path}`)
    if (status.isSocket() && others.length === 0) {
      agents.set(id, { socket: path, isRaw })
      continue
    }
    if (isRaw) throw refuse(id, `${path} is not the socket of an agent`)
    if (status.isSocket()) throw refuse(id, 'it is one socket or several keys, not both')
    if (!status.isFile()) throw refuse(id, `${path} is neither the socket of an agent nor a key`)
    const parent = buildsOf(engine)
    await mkdir(parent, { recursive: true, mode: 0o700 })
    // The next build removes a directory with this name after this process was killed.
    const directory = stack.use(await mkdtempDisposable(parent, `${ownedName('build')}.`))
    const agent = stack.use(await startKeyAgent(`${directory.path}/socket`, [path, ...others]))
    agents.set(id, { socket: agent.socket, isRaw })
  }
  const taken = stack.move()
  return { agents, [Symbol.asyncDispose]: () => taken.disposeAsync() }
}

function refuse(id: string, reason: string, remedy?: string): StrakeError {
  return new StrakeError('INVALID', `Cannot use the SSH agent ${id}: ${reason}`, { remedy })
}
