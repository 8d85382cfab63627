import { join } from 'node:path'
import { openDirectoryStore } from '#content'
import type { Registry } from '../registry.ts'
import { createDirectoryFacts } from './directory-facts.ts'
import { createLocalRegistry, type LocalRegistryOptions } from './local.ts'

/**
 * A registry in a directory: the blobs of all repositories once, under `blobs`,
 * and what each repository holds and names under `repositories`.
 */
export async function openDirectoryRegistry(
  root: string,
  options: LocalRegistryOptions = {},
): Promise<Registry> {
  const blobs = await openDirectoryStore(root)
  return createLocalRegistry(blobs, createDirectoryFacts(join(root, 'repositories')), options)
}
