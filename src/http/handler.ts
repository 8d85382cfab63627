/** Answers one HTTP request. Every HTTP server is made of such functions. */
export type Handler = (request: Request, exchange: Exchange) => Promise<Response>

/** Facts about a request that are not in the request itself. */
export interface Exchange {
  /** The IP address of the sender; empty on a Unix socket. */
  readonly address: string
  /** No other code refers to the chunks of the request's body, so a reader may free them. */
  readonly canFreeBody?: boolean | undefined
  /** Set by the handler that checks credentials; the access log reads it. */
  principal?: Principal | undefined
}

/** The proved identity of the sender of a request. */
export interface Principal {
  /** Undefined for an anonymous sender. */
  readonly name: string | undefined
}
