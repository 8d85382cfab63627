import type { Registry, Repository } from '../../registry.ts'

/** Runs a test with a repository of a new registry. */
export type With = (
  work: (repository: Repository, registry: Registry) => Promise<void>,
) => Promise<void>

/** More than the size of any content of the suite, in bytes. */
export const max: number = 64 * 1024 * 1024
