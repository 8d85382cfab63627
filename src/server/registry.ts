import { mkdir } from 'node:fs/promises'
import { type DirectoryStore, ingestLifetime, openDirectoryStore } from '#content'
import { type DatabaseFacts, openSqliteFacts } from '#facts'
import { fileBlob, type Server } from '#platform'
import {
  createDirectoryUploads,
  createLocalRegistry,
  createRegistryHandler,
  type Registry,
  type RegistryHandlerOptions,
} from '#registry'
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
    [Symbol.asyncDispose]: () => facts[Symbol.asyncDispose](),
  }
}

/** Serves a registry whose blobs are files of this machine, until disposed. */
export async function serveRegistry(
  { registry, uploads, blobs }: ServedRegistry,
  options: ListenOptions & RegistryHandlerOptions,
): Promise<Server> {
  const handler = createRegistryHandler(registry, {
    uploads: createDirectoryUploads(uploads),
    openBlob: async (blob) => {
      const path = await blobs.provedPath(blob)
      return path === undefined ? undefined : fileBlob(path)
    },
    ...options,
  })
  const server = await listen([{ path: '/v2', handler }], options)
  return {
    url: server.url,
    port: server.port,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]()
      await handler[Symbol.asyncDispose]()
    },
  }
}
