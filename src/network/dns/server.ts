import {
  bindUdp,
  enterNetworkNamespace,
  listenTcp,
  netlinkProtocol,
  type OpenSocket,
  openNetlink,
  redirectPorts,
  type TcpEnd,
} from '#platform'
import { nameServerAddress } from '../user-network.ts'
import { answerLocally } from './answer.ts'
import { dnsCode, fitDatagram, formatEmpty, parseQuery } from './message.ts'
import { NameDirectory } from './names.ts'
import { type DnsTransport, frame, openUpstream, reader, type Upstream } from './upstream.ts'

/** The name server of one container. */
export interface NameServerOptions {
  readonly containerId: string
  /** The directory of the store's networks. */
  readonly directory: string
  /** The file of the container's network namespace. */
  readonly namespace: string
  /** The name servers for other names, which are asked from the host's network. */
  readonly servers: readonly string[]
}

/** Seconds that a connection may be silent. */
const idle = 10
/** More of them are closed: each may hold an unfinished message. */
const mostConnections = 64

/**
 * Serves names inside the network namespace of a container until it is disposed. Its sockets have
 * ports of their own, and rules of the namespace send port 53 of `nameServerAddress` there. So a
 * program in the container can bind port 53 of all addresses.
 */
export async function openNameServer(options: NameServerOptions): Promise<Disposable> {
  const names = new NameDirectory(options.directory, options.containerId)
  const upstream = openUpstream(options.servers)
  const answer = async (query: Uint8Array, transport: DnsTransport) => {
    try {
      return await answerQuery(query, { names, upstream, transport })
    } catch {
      // The network was removed while the question was open. The client asks again, and the
      // monitor must not end.
      return undefined
    }
  }
  const opened = enterNetworkNamespace(options.namespace, () => ({
    udp: bindUdp(nameServerAddress, (query, send) => {
      void answer(query, 'udp').then((message) => message && send(message))
    }),
    tcp: serveTcp((query) => answer(query, 'tcp')),
    netlink: openNetlink(netlinkProtocol.netfilter),
  }))
  using stack = new DisposableStack()
  const tcp = stack.use(opened.tcp)
  const udp = stack.use(await opened.udp)
  using netlink = opened.netlink
  redirectPorts(netlink, 'strake_dns', {
    address: nameServerAddress,
    ports: [
      { protocol: 'udp', port: 53, to: udp.port },
      { protocol: 'tcp', port: 53, to: tcp.port },
    ],
  })
  return stack.move()
}

/** Each connection may send several questions, one after the other. */
function serveTcp(answer: (query: Uint8Array) => Promise<Uint8Array | undefined>): OpenSocket {
  const readers = new Map<TcpEnd, (data: Uint8Array) => void>()
  return listenTcp(nameServerAddress, {
    idle,
    onData(data, end) {
      const read =
        readers.get(end) ??
        reader((query) => {
          void answer(query).then((message) => (message ? end.write(frame(message)) : end.end()))
        })
      if (!readers.has(end) && readers.size >= mostConnections) end.end()
      else {
        readers.set(end, read)
        read(data)
      }
    },
    onClose: (end) => void readers.delete(end),
  })
}

interface AnswerParts {
  readonly names: NameDirectory
  readonly upstream: Upstream
  readonly transport: DnsTransport
}

/** Returns nothing for a message that is no query. */
async function answerQuery(
  query: Uint8Array,
  { names, upstream, transport }: AnswerParts,
): Promise<Uint8Array | undefined> {
  const question = parseQuery(query)
  if (question === undefined) return undefined
  const known = names.read()
  const local = answerLocally(question, known)
  if (local !== undefined) return transport === 'udp' ? fitDatagram(question, local) : local
  // A container without a route outside must not send data there in names.
  const remote = known.reachesOutside ? await upstream.ask(query, transport) : undefined
  return remote ?? formatEmpty(question, dnsCode.failure)
}
