import { join } from 'node:path'
import type { Digest } from '#oci'
import { openStoredRegistry } from '#server'
import type { Engine } from '../../engine.ts'
import { findPlace, requireRegistry } from '../place.ts'

/** Where the parts of a registry of this machine are. */
export interface RegistryFiles {
  readonly root: string
  /** The directory of the database of repositories. */
  readonly facts: string
  readonly pathOf: (digest: Digest) => string
  readonly users: { readonly htpasswd: string; readonly tokens: string; readonly key: string }
}

export interface FilesOptions {
  readonly config?: string | undefined
  /** The directory of the registry. Default: that of the configuration, or repositories in the store. */
  readonly storage?: string | undefined
}

/**
 * Finds the parts of a registry. Its database is brought to the present form. Throws `NOT_FOUND` for a
 * directory without one.
 */
export async function findRegistryFiles(
  engine: Engine,
  options: FilesOptions,
): Promise<RegistryFiles> {
  const { config, files: users } = await findPlace({ ...options, root: async () => engine.root })
  const { directory } = config.storage ?? {}
  if (directory === undefined) {
    await engine.registryFacts()
    const facts = join(engine.root, 'registry')
    return { root: engine.root, facts, pathOf: (digest) => engine.content.pathOf(digest), users }
  }
  await requireRegistry(directory)
  await using stored = await openStoredRegistry(directory)
  const { blobs } = stored
  const facts = join(directory, 'repositories')
  return { root: directory, facts, pathOf: (digest) => blobs.pathOf(digest), users }
}
