import { manifestPlace } from '#engine/cache/manifest-place'
import type { CachePlace } from '#engine/cache/place'
import type { Descriptor, Digest } from '#oci'
import type { ClientSession } from './client-session.ts'
import { ClientContent } from './content.ts'
import { describeDocument } from './describe-document.ts'

export interface ClientCache {
  /** The directory, as the client has named it. */
  readonly directory: string
  /** The manifest that is read. */
  readonly digest?: Digest | undefined
  /** Called with the manifest that was written. The client puts it into the index itself. */
  readonly onPublished?: ((manifest: Descriptor) => void) | undefined
}

/** A cache in a directory of the client. */
export function clientCachePlace(
  session: ClientSession,
  { directory, digest, onPublished }: ClientCache,
  document?: Parameters<typeof manifestPlace>[1],
): CachePlace {
  const content = new ClientContent(session, `local:${directory}`)
  const named = {
    name: 'client directory',
    content,
    resolve: async (signal?: AbortSignal) =>
      digest === undefined ? undefined : await describeDocument(content, digest, signal),
    publish: async (manifest: Descriptor) => onPublished?.(manifest),
  }
  return manifestPlace(named, document)
}
