import type { Socket } from 'node:net'

/**
 * Passes requests that list keys or sign on to an SSH agent, and the answers back to
 * the client. Every other request, such as removing a key, gets a failure as its
 * answer. Ends when either connection ends.
 */
export async function relayAgent(client: Socket, agent: Socket): Promise<void> {
  // The next read or write of the socket gets the error too.
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
    // A broken connection ends the relay.
  } finally {
    client.destroy()
    agent.destroy()
  }
}

const [requestIdentities, signRequest] = [11, 13]
const harmless: ReadonlySet<number> = new Set([requestIdentities, signRequest])
/** A message with the length 1 and the type SSH_AGENT_FAILURE. */
const failure: Uint8Array = Uint8Array.of(0, 0, 0, 1, 5)

/** The limit of OpenSSH. */
const maxLength = 256 * 1024

/** The messages from one side, with their lengths. Ends at a message that is too long. */
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
