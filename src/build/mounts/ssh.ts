import { chmodSync, chownSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { StrakeError } from '#oci'
import { treeCalls } from '#platform'
import type { RootMount } from '#runtime'
import type { SshAgent, SshMount } from '../model/mounts.ts'
import { relayAgent } from './agent-relay.ts'
import type { MountContext } from './context.ts'

/**
 * Opens a socket that leads to an SSH agent of the user. It is a new socket, because
 * the owner and mode of the agent's socket must not change. Returns `undefined` for
 * an optional agent that is absent. Throws `NOT_FOUND`.
 */
export async function openAgent(
  { id, target, uid, gid, mode, isRequired }: SshMount,
  context: MountContext,
): Promise<RootMount | undefined> {
  const agent = context.facts.agents.get(id)
  if (agent === undefined) {
    if (!isRequired) return undefined
    throw new StrakeError(
      'NOT_FOUND',
      `Cannot run the command: the SSH agent ${id} was not given`,
      {
        remedy: `build with --ssh ${id === 'default' ? id : `${id}=SOCKET`}`,
      },
    )
  }
  const name = `agent.${crypto.randomUUID()}`
  const source = `${context.directory}/${name}`
  await listen(name, agent, context)
  chownSync(source, uid, gid)
  chmodSync(source, mode)
  return { type: 'bind', source, destination: target, point: 'file' }
}

/** Connects every client to the agent, until the command has ended. */
async function listen(
  name: string,
  { socket, isRaw }: SshAgent,
  { directory, stack }: MountContext,
): Promise<void> {
  const connections = new Set<Socket>()
  const server = createServer((client) => {
    const agent = connect(socket)
    for (const one of [client, agent]) {
      connections.add(one)
      one.once('close', () => connections.delete(one))
    }
    if (isRaw) pass(client, agent)
    else void relayAgent(client, agent)
  })
  const place = treeCalls.openRoot(directory)
  stack.defer(() => treeCalls.closeDescriptor(place))
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    // The path of the directory may be too long for the address of a socket.
    server.listen(`/proc/self/fd/${place}/${name}`, resolve)
  })
  stack.defer(() => {
    server.close()
    for (const one of connections) one.destroy()
  })
}

function pass(client: Socket, agent: Socket): void {
  client.on('error', () => agent.destroy())
  agent.on('error', () => client.destroy())
  client.pipe(agent).pipe(client)
}
