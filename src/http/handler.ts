/** Answers one HTTP request. Every HTTP server is made of such functions. */
export type Handler = (request: Request, exchange: Exchange) => Promise<Response>

/** Facts about a request that are not in the request itself. */
export interface Exchange {
  /** The IP address of the sender; empty on a Unix socket. */
  readonly address: string
  /** No other code refers to the chunks of the request's body, so a reader may free them. */
  readonly canFreeBody?: boolean | undefined
  /** Present when the sender asks to use the connection for something else than HTTP. */
  readonly upgrade?: Upgrade | undefined
  /** The certificate of the sender in DER, which an authority of the server has signed. */
  readonly certificate?: Uint8Array | undefined
  /** The header of that name for requests that this one causes; set by the handler that traces. */
  traceparent?: string | undefined
  /** Set by the handler that checks credentials; the access log reads it. */
  principal?: Principal | undefined
}

/**
 * A request to change the protocol of a connection.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#name-upgrade
 */
export interface Upgrade {
  /** The value of the header `Upgrade`, for example `tcp` or `h2c`. */
  readonly protocol: string
  /** Returns the response 101 with these headers. `use` is called with the connection after it. */
  accept(
    headers: Readonly<Record<string, string>>,
    use: (connection: RawConnection) => void,
  ): Response
}

/**
 * The bytes of a connection in both directions, without HTTP. The streams of Node are of this type,
 * which does not name them, because other runtimes have no such types.
 */
export interface RawConnection {
  readonly destroyed: boolean
  readonly writableEnded: boolean
  /** Returns false when the other end reads slowly: the event `drain` tells of room. */
  write(bytes: Uint8Array): boolean
  /** Ends the own side. The other end may go on sending. */
  end(): unknown
  iterator(options: { readonly destroyOnReturn: boolean }): AsyncIterable<Uint8Array>
  on(event: 'drain' | 'close', listener: () => void): unknown
  once(event: 'drain' | 'close', listener: () => void): unknown
  off(event: 'drain' | 'close', listener: () => void): unknown
}

/** The proved identity of the sender of a request. */
export interface Principal {
  /** Undefined for an anonymous sender. */
  readonly name: string | undefined
}
