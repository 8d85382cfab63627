/** Answers one HTTP request. Everything that serves HTTP is such a function, or wraps one. */
export type Handler = (request: Request, exchange: Exchange) => Promise<Response>

/** What is known of a request besides its own bytes. */
export interface Exchange {
  /** The IP address of the sender; empty on a Unix socket. */
  readonly address: string
  /** The chunks of the request's body were made for it alone, and their memory may be given back. */
  readonly canFreeBody?: boolean | undefined
  /** Set by the handler that checks credentials; the access log reads it. */
  principal?: Principal | undefined
}

/** The sender of a request, as far as the sender proved it. */
export interface Principal {
  /** Undefined for a sender who proved nothing. */
  readonly name: string | undefined
}
