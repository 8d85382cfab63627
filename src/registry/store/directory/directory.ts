import { join } from 'node:path'
import { openDirectoryStore } from '#content'
import type { Registry } from '../../registry.ts'
import { createLocalRegistry, type LocalRegistryOptions } from '../local.ts'
import { createDirectoryFacts } from './directory-facts.ts'

/**
 * Opens a registry in a directory: `blobs` has each blob once, and `repositories` has the
 * members and tags of each repository.
 */
export async function openDirectoryRegistry(
  root: string,
  options: LocalRegistryOptions = {},
): Promise<Registry> {
  const blobs = await openDirectoryStore(root)
  return createLocalRegistry(blobs, createDirectoryFacts(join(root, 'repositories')), options)
}
