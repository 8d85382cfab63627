/** Codes of JSON-RPC and of the language server protocol. */
export const errorCodes = {
  parseError: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internalError: -32603,
  serverNotInitialized: -32002,
} as const

/** A request that cannot be answered. */
export class RequestError extends Error {
  override readonly name = 'RequestError'
  readonly code: number

  constructor(code: number, message: string) {
    super(message)
    this.code = code
  }
}

/** A request has an id, a notification has none. */
export interface ClientMessage {
  readonly id: string | number | undefined
  readonly method: string
  readonly params: unknown
}

/** Returns the message of a client. Returns undefined for an answer, and for anything else. */
export function readClientMessage(value: unknown): ClientMessage | undefined {
  if (!isObject(value)) return undefined
  const { id, method, params } = value
  if (typeof method !== 'string') return undefined
  const isId = typeof id === 'string' || typeof id === 'number'
  return { id: isId ? id : undefined, method, params }
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
