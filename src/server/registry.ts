import { mkdir } from 'node:fs/promises'
import { type DirectoryStore, openDirectoryStore } from '#content'
import { fileBlob, type Server } from '#platform'
import {
  createDirectoryFacts,
  createLocalRegistry,
  createRegistryHandler,
  type Registry,
  type RegistryHandlerOptions,
} from '#registry'
import { type ListenOptions, listen } from './listen.ts'

/** What a served registry is made of. */
export interface ServedRegistry {
  readonly registry: Registry
  /** Where its blobs are files: they are sent as such. */
  readonly blobs: DirectoryStore
}

/** A registry in a directory of its own, which is made when it is not there. */
export async function openStoredRegistry(directory: string): Promise<ServedRegistry> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const blobs = await openDirectoryStore(directory)
  const facts = createDirectoryFacts(`${directory}/repositories`)
  return { registry: createLocalRegistry(blobs, facts), blobs }
}

/** Serves a registry whose blobs are files of this machine, until disposed. */
export function serveRegistry(
  { registry, blobs }: ServedRegistry,
  options: ListenOptions & RegistryHandlerOptions,
): Promise<Server> {
  const handler = createRegistryHandler(registry, {
    openBlob: async (blob) => {
      const path = await blobs.provedPath(blob)
      return path === undefined ? undefined : fileBlob(path)
    },
    ...options,
  })
  return listen([{ path: '/v2', handler }], options)
}
