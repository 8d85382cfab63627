import { toDiagnostic } from './convert.ts'
import { Documents } from './documents.ts'
import type { Incoming } from './framing.ts'
import { diagnosticsOf, methods, type Session } from './methods.ts'
import { type ClientMessage, errorCodes, RequestError, readClientMessage } from './protocol.ts'

export interface ServerOptions {
  readonly version: string
  /** True for a name that can be one of an image. */
  readonly isReference: (name: string) => boolean
  readonly send: (message: object) => void
}

/** The most diagnostics of one file that an editor receives. */
const maxDiagnostics = 1000

/** Answers the messages of one client. */
export class LanguageServer {
  /** The exit code, after `exit` has arrived: 0 after `shutdown`, else 1. */
  exitCode: 0 | 1 | undefined
  readonly #send: ServerOptions['send']
  readonly #session: Session
  readonly #changed = new Set<string>()
  #isInitialized = false
  #isShutDown = false

  constructor({ version, isReference, send }: ServerOptions) {
    this.#send = send
    this.#session = { documents: new Documents(), version, isReference }
  }

  /**
   * Handles messages that arrived together. The diagnostics of a changed file are sent after the
   * last of them, so that typing does not fill a queue.
   */
  handle(messages: readonly Incoming[]): void {
    for (const incoming of messages) {
      if (this.exitCode !== undefined) return
      if (incoming.kind === 'broken') {
        this.#fail(null, new RequestError(errorCodes.parseError, incoming.reason))
      } else this.#message(incoming.value)
    }
    for (const uri of this.#changed) this.#publish(uri)
    this.#changed.clear()
  }

  #message(value: unknown): void {
    const message = readClientMessage(value)
    // The server sends no requests, so answers of the client mean nothing.
    if (message === undefined) {
      const isAnswer =
        typeof value === 'object' && value !== null && !('method' in value) && 'id' in value
      if (!isAnswer) this.#fail(null, new RequestError(errorCodes.invalidRequest, 'not a message'))
      return
    }
    try {
      if (message.id === undefined) this.#notify(message)
      else this.#send({ jsonrpc: '2.0', id: message.id, result: this.#answer(message) })
    } catch (error) {
      // A notification has no answer, also for a mistake in it.
      if (message.id !== undefined) this.#fail(message.id, error)
    }
  }

  #answer({ method, params }: ClientMessage): unknown {
    const answer = Object.hasOwn(methods, method) ? methods[method] : undefined
    if (answer === undefined) {
      throw new RequestError(
        errorCodes.methodNotFound,
        `there is no method ${method.slice(0, 100)}`,
      )
    }
    if (!this.#isInitialized && method !== 'initialize') {
      throw new RequestError(errorCodes.serverNotInitialized, 'initialize is the first request')
    }
    if (this.#isShutDown) {
      throw new RequestError(errorCodes.invalidRequest, 'the server is shut down')
    }
    const result = answer(params, this.#session)
    if (method === 'initialize') this.#isInitialized = true
    if (method === 'shutdown') this.#isShutDown = true
    return result ?? null
  }

  #notify({ method, params }: ClientMessage): void {
    const { documents } = this.#session
    if (method === 'exit') this.exitCode = this.#isShutDown ? 0 : 1
    if (!this.#isInitialized || this.#isShutDown) return
    if (method === 'textDocument/didOpen') this.#changed.add(documents.open(params))
    else if (method === 'textDocument/didChange') this.#changed.add(documents.change(params))
    else if (method === 'textDocument/didClose') this.#changed.add(documents.close(params))
  }

  /** Sends the diagnostics of an open file, and none for a closed one. */
  #publish(uri: string): void {
    const { documents } = this.#session
    const found = documents.has(uri)
      ? diagnosticsOf(documents.analysis(uri), this.#session).slice(0, maxDiagnostics)
      : []
    const params = { uri, diagnostics: found.map(toDiagnostic) }
    this.#send({ jsonrpc: '2.0', method: 'textDocument/publishDiagnostics', params })
  }

  #fail(id: ClientMessage['id'] | null, error: unknown): void {
    const isKnown = error instanceof RequestError
    const code = isKnown ? error.code : errorCodes.internalError
    const message = error instanceof Error ? error.message : String(error)
    this.#send({ jsonrpc: '2.0', id: id ?? null, error: { code, message: message.slice(0, 400) } })
  }
}
