import { createServer, type ListenOptions, type Server, type Socket } from 'node:net'

/** Where a server listens. */
export type Place =
  /** The path of a Unix socket. */
  | { readonly unix: string }
  /** A descriptor of a socket that listens already, as systemd passes it. */
  | { readonly descriptor: number }
  | { readonly hostname: string; readonly port: number; readonly tls?: TlsKeys | undefined }

/** PEM texts. Only clients whose certificate `clientAuthority` has signed are served. */
export interface TlsKeys {
  readonly certificate: string
  readonly key: string
  readonly clientAuthority: string
}

/** Milliseconds for the handshake of TLS. */
const handshake = 30_000

/** Listens, and returns the server. Throws what the system says. */
export async function listenAt(
  place: Place,
  onConnection: (socket: Socket) => void,
): Promise<Server> {
  const server = await createListener(place, onConnection)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(targetOf(place), () => {
      server.off('error', reject)
      // Without descriptors no connection can be accepted, until others are closed.
      server.on('error', () => {})
      resolve()
    })
  })
  return server
}

async function createListener(
  place: Place,
  onConnection: (socket: Socket) => void,
): Promise<Server> {
  const tls = 'tls' in place ? place.tls : undefined
  if (tls === undefined) {
    return createServer({ allowHalfOpen: true, keepAlive: true, noDelay: true }, onConnection)
  }
  const { createServer: createTlsServer } = await import('node:tls')
  const server = createTlsServer(
    {
      cert: tls.certificate,
      key: tls.key,
      ca: tls.clientAuthority,
      requestCert: true,
      rejectUnauthorized: true,
      minVersion: 'TLSv1.2',
      ALPNProtocols: ['http/1.1', 'h2'],
      handshakeTimeout: handshake,
      allowHalfOpen: true,
      keepAlive: true,
      noDelay: true,
    },
    (socket) => {
      // Checked again, because everything depends on it.
      if (socket.authorized) onConnection(socket)
      else socket.destroy()
    },
  )
  server.on('tlsClientError', (_, socket) => socket.destroy())
  return server
}

function targetOf(place: Place): ListenOptions & { readonly fd?: number } {
  if ('unix' in place) return { path: place.unix }
  if ('descriptor' in place) return { fd: place.descriptor }
  return { host: place.hostname, port: place.port }
}
