import { stat } from 'node:fs/promises'
import { createDirectoryUploads, createLocalRegistry } from '#registry'
import { createStoredOutbox } from '#registry/notify/stored-outbox'
import {
  fileSender,
  type ListenOptions,
  openStoredRegistry,
  type ServedRegistry,
  serveRegistry as serveParts,
} from '#server'
import type { Engine } from '../engine.ts'

export interface ServeRegistryOptions extends ListenOptions {
  /** A directory for the content. Default: repositories share the blobs of the store. */
  readonly storage?: string | undefined
  /** Refuse pushes and deletes. */
  readonly readOnly?: boolean | undefined
  /** Accept indexes and images with absent parts. */
  readonly sparse?: boolean | undefined
}

/** A registry being served. Leaving the scope stops it. */
export interface RegistryServer extends AsyncDisposable {
  readonly url: string
  readonly port: number
  /** The directory of its content. */
  readonly storage: string
}

/** Serves a registry until disposed. Throws `UNAVAILABLE` when the port is taken. */
export async function serveRegistry(
  engine: Engine,
  options: ServeRegistryOptions,
): Promise<RegistryServer> {
  const { storage } = options
  const stored = storage === undefined ? undefined : await openStoredRegistry(storage)
  const served = stored ?? (await overStore(engine))
  const server = await serveParts(served, options)
  return {
    url: server.url,
    port: server.port,
    storage: options.storage ?? engine.root,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]()
      await stored?.[Symbol.asyncDispose]()
    },
  }
}

/**
 * Serves the store itself. A push from this store sends no bytes, because a repository
 * links stored blobs. Repositories are recorded apart from the names of the store.
 */
export async function overStore(engine: Engine): Promise<ServedRegistry> {
  const { content } = engine
  const facts = await engine.registryFacts()
  const registry = createLocalRegistry(content, facts, {
    findBlob: async (digest) => {
      const found = await stat(content.pathOf(digest)).catch(() => undefined)
      return found && { mediaType: 'application/octet-stream', digest, size: found.size }
    },
  })
  return {
    registry,
    facts,
    uploads: createDirectoryUploads(`${engine.root}/registry/_uploads`),
    openOutbox: () => createStoredOutbox(`${engine.root}/registry/_outbox.db`),
    // The store collects by itself, because its blobs also belong to images.
    content: undefined,
    openBlob: fileSender(content),
  }
}
