import type { Duplex } from 'node:stream'

/** The sender of a request. */
export interface ApiPeer {
  /** An IP address; empty on a Unix socket. */
  readonly address: string
  readonly canFreeBody: false
  readonly upgrade?: ConnectionUpgrade | undefined
}

/** The wish of the sender of a request to use its connection in another way. */
export interface ConnectionUpgrade {
  /** The value of the header `Upgrade`. */
  readonly protocol: string
  /** Returns the response 101. `use` is called with the connection after the head was sent. */
  accept(headers: Readonly<Record<string, string>>, use: (connection: Duplex) => void): Response
}

export type ApiHandler = (request: Request, peer: ApiPeer) => Promise<Response>
