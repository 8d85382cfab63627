import type { Server, TLSSocket } from 'node:tls'
import { type ServerKeys, tlsSettings } from './keys.ts'

/** The other end of a connection that came through a front. */
export interface FrontPeer {
  readonly address: string
  /** The certificate of the client in DER, if the authorities have signed it. */
  readonly certificate: Uint8Array | undefined
}

/** Ends TLS before a server of this process, because the runtime's server shows no certificates. */
export interface TlsFront {
  readonly port: number
  /** Returns the client behind a connection to the server, by the port from which it came. */
  peerOf(port: number): FrontPeer | undefined
  renew(keys: ServerKeys): void
  /** Ends listening; with `closeAll`, also the connections. */
  stop(closeAll: boolean): void
}

export interface TlsFrontOptions {
  readonly hostname: string
  readonly port: number
  readonly keys: ServerKeys
  /** The port of the server behind, on 127.0.0.1. */
  readonly inner: number
}

/** Connections at a time; a further one is closed. */
const mostConnections = 10_000

/** Milliseconds for the handshake of TLS. */
const handshake = 30_000

export async function openTlsFront(options: TlsFrontOptions): Promise<TlsFront> {
  const tls = process.getBuiltinModule('node:tls')
  const peers = new Map<number, FrontPeer>()
  const open = new Set<TLSSocket>()
  const settings = { ALPNProtocols: ['http/1.1'], handshakeTimeout: handshake, noDelay: true }
  const server = tls.createServer({ ...tlsSettings(options.keys), ...settings }, (socket) => {
    const certificate = socket.authorized ? socket.getPeerCertificate().raw : undefined
    // Checked again, because everything depends on it.
    const isMissing = certificate === undefined && options.keys.isClientOptional !== true
    if (isMissing || open.size >= mostConnections) {
      socket.destroy()
      return
    }
    open.add(socket)
    socket.once('close', () => open.delete(socket))
    const peer = {
      address: socket.remoteAddress ?? '',
      certificate: certificate && new Uint8Array(certificate),
    }
    connectThrough(socket, options.inner, (port, isOpen) => {
      if (isOpen) peers.set(port, peer)
      else peers.delete(port)
    })
  })
  // A client that fails the handshake is no fault of the server.
  server.on('tlsClientError', (_, socket) => socket.destroy())
  return {
    port: await listen(server, options),
    peerOf: (port) => peers.get(port),
    renew: (keys) => server.setSecureContext(tlsSettings(keys)),
    stop(closeAll) {
      server.close()
      if (closeAll) for (const socket of open) socket.destroy()
    },
  }
}

/** Passes bytes between a client and the server behind. No byte goes before `note` knows the port. */
function connectThrough(
  outer: TLSSocket,
  target: number,
  note: (port: number, isOpen: boolean) => void,
): void {
  const inner = process.getBuiltinModule('node:net').connect(target, '127.0.0.1', () => {
    const port = inner.localPort ?? 0
    note(port, true)
    inner.once('close', () => note(port, false))
    outer.pipe(inner).pipe(outer)
  })
  const end = (): void => {
    inner.destroy()
    outer.destroy()
  }
  for (const socket of [outer, inner]) socket.once('close', end).on('error', end)
}

function listen(server: Server, { hostname, port }: TlsFrontOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, hostname, () => {
      server.off('error', reject)
      // Without descriptors no connection can be accepted, until others are closed.
      server.on('error', () => {})
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : port)
    })
  })
}
