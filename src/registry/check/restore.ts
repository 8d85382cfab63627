import { type Descriptor, isStrakeError, type StrakeError } from '#oci'
import { isUnknown } from '../proxy/upstream.ts'
import type { Registry, Repository } from '../registry.ts'
import { createLocalRegistry } from '../store/local.ts'
import type { CheckParts, LostContent } from './check-registry.ts'

/** Another registry that may have the same content. */
export interface Source {
  /** Its host, which is also the first part of names in a cache of it. */
  readonly host: string
  readonly registry: Registry
}

export interface RestoreOptions {
  readonly sources: readonly Source[]
  /** Moves damaged content out of the store, and keeps it. Called for absent content, too. */
  readonly setAside: (lost: Descriptor, isDamaged: boolean) => Promise<void>
  /** Called when a source could not be asked, or sent other content. */
  readonly onFailure?: ((error: StrakeError) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Returns a function that sets damaged content aside and gets sound content from the first source
 * that has it, under the same name of the repository or without the host in front.
 */
export function createRestore(
  { content, facts }: CheckParts,
  { sources, setAside, onFailure, signal }: RestoreOptions,
): (lost: LostContent) => Promise<boolean> {
  const local = createLocalRegistry(content, facts)
  return async ({ repository, descriptor, isDamaged }) => {
    const { mediaType, digest, size } = descriptor
    const target = { mediaType, digest, size }
    await setAside(target, isDamaged)
    for (const source of repositoriesOf(sources, repository)) {
      try {
        signal?.throwIfAborted()
        await content.write(target, source.read(target, { signal }), { signal })
        // A repository that does not hold it yet holds it now.
        await local.repository(repository).write(target, content.read(target))
        return true
      } catch (error) {
        signal?.throwIfAborted()
        if (!isStrakeError(error)) throw error
        if (!isUnknown(error)) onFailure?.(error)
      }
    }
    return false
  }
}

function* repositoriesOf(sources: readonly Source[], name: string): Generator<Repository> {
  for (const { host, registry } of sources) {
    yield registry.repository(name)
    if (name.startsWith(`${host}/`)) yield registry.repository(name.slice(host.length + 1))
  }
}
