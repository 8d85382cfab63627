import { mkdir } from 'node:fs/promises'
import { type DirectoryStore, ingestLifetime, openDirectoryStore } from '#content'
import { type DatabaseFacts, openSqliteFacts } from '#facts'
import { fileBlob, type Server } from '#platform'
import {
  type CollectEvents,
  type CollectedRegistry,
  type CollectSettings,
  createDirectoryUploads,
  createLocalRegistry,
  createRegistryHandler,
  type FetchHandler,
  PullLog,
  type Registry,
  type RegistryHandlerOptions,
  scheduleCollection,
} from '#registry'
import { tokenPath } from '#registry/token/endpoint'
import { createWeb } from '#web'
import { type ListenOptions, listen } from './listen.ts'

/** The parts of a served registry. */
export interface ServedRegistry {
  readonly registry: Registry
  /** Its members, tags and ledger. */
  readonly facts: DatabaseFacts
  /** A directory for uploads in progress, which outlive the server. */
  readonly uploads: string
  /** The store of its blobs, which are sent as files. */
  readonly blobs: DirectoryStore
  /** The store has other users and a collection of its own. */
  readonly isShared: boolean
  /** Returns true for a registry that is cached under its own name. Default: none is. */
  readonly isCached?: ((registry: string) => boolean) | undefined
}

/** Returns what a collection of a registry works on. */
export function collectedOf({ facts, blobs, isShared }: ServedRegistry): CollectedRegistry {
  const { ledger, collection } = facts
  return { facts, ledger, collection, content: isShared ? undefined : blobs }
}

/** Opens a registry in a directory of its own. Makes the directory if it is absent. */
export async function openStoredRegistry(
  directory: string,
): Promise<ServedRegistry & AsyncDisposable> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const blobs = await openDirectoryStore(directory)
  // Removes unfinished uploads of killed servers.
  await blobs.sweep(ingestLifetime)
  const facts = await openSqliteFacts(`${directory}/repositories`)
  const registry = createLocalRegistry(blobs, facts)
  return {
    registry,
    facts,
    uploads: `${directory}/repositories/_uploads`,
    blobs,
    isShared: false,
    [Symbol.asyncDispose]: () => facts[Symbol.asyncDispose](),
  }
}

export interface RegistryServerOptions extends ListenOptions, RegistryHandlerOptions {
  /** Default: the server removes nothing by itself. */
  readonly collect?: CollectSettings | undefined
  readonly collectEvents?: CollectEvents | undefined
  /** The token service, if there is one. */
  readonly tokenEndpoint?: FetchHandler | undefined
}

/** Serves a registry whose blobs are files of this machine, until disposed. */
export async function serveRegistry(
  served: ServedRegistry,
  options: RegistryServerOptions,
): Promise<Server> {
  const { registry, facts, uploads, blobs } = served
  const pulls = new PullLog(facts.ledger)
  const { collect, collectEvents } = options
  const collection =
    collect === undefined
      ? undefined
      : scheduleCollection(collectedOf(served), collect, collectEvents)
  const handler = createRegistryHandler(registry, {
    uploads: createDirectoryUploads(uploads),
    ledger: facts.ledger,
    isCached: served.isCached,
    onPull: (pull) => pulls.note(pull),
    openBlob: async (blob) => {
      const path = await blobs.provedPath(blob)
      return path === undefined ? undefined : fileBlob(path)
    },
    ...options,
  })
  const { tokenEndpoint } = options
  const tokens = tokenEndpoint === undefined ? [] : [{ path: tokenPath, handler: tokenEndpoint }]
  const web = createWeb({ registry, ledger: facts.ledger, access: options.access })
  const mounts = [{ path: '/v2', handler }, { path: '/', handler: web }, ...tokens]
  const server = await listen(mounts, options)
  return {
    url: server.url,
    port: server.port,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]()
      await handler[Symbol.asyncDispose]()
      await collection?.[Symbol.asyncDispose]()
      await pulls[Symbol.asyncDispose]()
    },
  }
}
