import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import type { ProxiedPort } from './proxied-port.ts'

/** How long replies to a sender are forwarded after its last datagram, in milliseconds. */
const idleTime = 90_000
/** The most senders at a time; one more replaces the one that was silent for longest. */
const mostSenders = 1024

interface Sender {
  /** Replies for the sender arrive here. */
  readonly socket: Socket
  timer: ReturnType<typeof setTimeout>
}

/**
 * Listens on a UDP port, forwards datagrams to the container, and forwards the replies to their
 * sender.
 */
export async function openUdpProxy({
  hostIp,
  hostPort,
  target,
}: ProxiedPort): Promise<AsyncDisposable> {
  const server = hostIp.includes(':')
    ? createSocket({ type: 'udp6', ipv6Only: true })
    : createSocket('udp4')
  // In the order of their last datagram.
  const senders = new Map<string, Sender>()
  const forget = (key: string): void => {
    const sender = senders.get(key)
    if (sender === undefined) return
    senders.delete(key)
    clearTimeout(sender.timer)
    sender.socket.close()
  }
  const expire = (key: string) => setTimeout(() => forget(key), idleTime).unref()
  const open = (key: string, { address, port }: RemoteInfo): Sender => {
    const socket = createSocket(target.ip.includes(':') ? 'udp6' : 'udp4')
    // The container does not listen: the datagram is lost, as on any network.
    socket.on('error', () => {})
    socket.on('message', (answer) => server.send(answer, port, address, () => {}))
    return { socket, timer: expire(key) }
  }
  server.on('message', (datagram, from) => {
    const key = `${from.address} ${from.port}`
    const sender = senders.get(key) ?? open(key, from)
    senders.delete(key)
    senders.set(key, sender)
    clearTimeout(sender.timer)
    sender.timer = expire(key)
    const [eldest] = senders.keys()
    if (senders.size > mostSenders && eldest !== undefined) forget(eldest)
    sender.socket.send(datagram, target.port, target.ip, () => {})
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.bind({ address: hostIp, port: hostPort }, resolve)
  })
  return {
    async [Symbol.asyncDispose]() {
      for (const key of senders.keys()) forget(key)
      await new Promise<void>((resolve) => server.close(resolve))
    },
  }
}
