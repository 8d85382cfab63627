import type { Socket } from 'node:net'

/**
 * Passes requests on to an SSH agent and its answers back: those that list keys or
 * sign. Whatever would change the agent is answered as one that failed. Ends with
 * either connection.
 */
export async function relayAgent(client: Socket, agent: Socket): Promise<void> {
  // Told to whoever reads or writes next, or to nobody.
  for (const socket of [client, agent]) socket.on('error', () => {})
  try {
    const answers = messages(agent)
    for await (const request of messages(client)) {
      if (!harmless.has(request[4] ?? 0)) {
        client.write(failure)
        continue
      }
      agent.write(request)
      const answer = await answers.next()
      if (answer.done === true) return
      client.write(answer.value)
    }
  } catch {
    // A connection that broke has ended.
  } finally {
    client.destroy()
    agent.destroy()
  }
}

const [requestIdentities, signRequest] = [11, 13]
const harmless: ReadonlySet<number> = new Set([requestIdentities, signRequest])
/** One byte long: SSH_AGENT_FAILURE. */
const failure: Uint8Array = Uint8Array.of(0, 0, 0, 1, 5)

/** The same as OpenSSH has. */
const maxLength = 256 * 1024

/** The messages of one side, their lengths before them. Ends at one that is too long. */
async function* messages(socket: Socket): AsyncGenerator<Buffer> {
  let pending: Buffer = Buffer.alloc(0)
  for await (const chunk of socket) {
    pending = Buffer.concat([pending, chunk as Buffer])
    for (;;) {
      if (pending.length < 4) break
      const length = pending.readUInt32BE(0)
      if (length > maxLength) return
      if (pending.length < 4 + length) break
      yield pending.subarray(0, 4 + length)
      pending = pending.subarray(4 + length)
    }
  }
}
