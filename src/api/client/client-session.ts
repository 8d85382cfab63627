import type { Duplex } from 'node:stream'
import { GrpcClient, GrpcError } from '#grpc'
import { watchHealth } from './health.ts'

/** What a client says about its session when it opens it. */
export interface SessionFacts {
  readonly id: string
  /** The same for every session about one directory of one machine. */
  readonly sharedKey: string
  /** The paths of the methods that the client serves. Empty if the client does not list them. */
  readonly methods: readonly string[]
  /** Milliseconds after which a client that does not answer is dead. */
  readonly patience?: number | undefined
}

/** A connection on which the client of a build serves its files, secrets and credentials. */
export class ClientSession {
  readonly id: string
  readonly sharedKey: string
  readonly client: GrpcClient
  readonly #methods: ReadonlySet<string>

  constructor(connection: Duplex, { id, sharedKey, methods, patience }: SessionFacts) {
    this.id = id
    this.sharedKey = sharedKey
    this.client = new GrpcClient(connection)
    this.#methods = new Set(methods.map((method) => method.toLowerCase()))
    watchHealth(this.client, patience)
  }

  /** Aborts when the client has left. */
  get closed(): AbortSignal {
    return this.client.closed
  }

  /** True if the client serves a method. A client that lists none may serve every one. */
  serves(path: string): boolean {
    return this.#methods.size === 0 || this.#methods.has(path.toLowerCase())
  }

  /** Throws `UNIMPLEMENTED` if the client does not serve a method. */
  require(path: string, what: string): void {
    if (this.serves(path)) return
    throw new GrpcError('UNIMPLEMENTED', `the client of the build does not serve ${what}`)
  }
}
