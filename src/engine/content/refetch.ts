import type { ContentStore } from '#content'
import { type Descriptor, isStrakeError } from '#oci'
import type { Engine } from '../engine.ts'

/** The source of the fetched content, or the reason of the failure. */
export interface Refetched {
  /** `registry/repository` */
  readonly source?: string
  /** A clause. */
  readonly reason: string
}

/** Fetches content again from the repositories that had it, the latest first. */
export async function refetch(
  engine: Pick<Engine, 'records' | 'registry'> & { readonly content: ContentStore },
  descriptor: Descriptor,
  signal?: AbortSignal,
): Promise<Refetched> {
  let reason = 'it was never seen in a registry: pull, load or build the image again'
  for (const { registry, repository } of sourcesOf(engine, descriptor)) {
    try {
      const source = (await engine.registry(registry)).repository(repository)
      const options = { signal }
      await engine.content.write(descriptor, source.read(descriptor, options), options)
      return { source: `${registry}/${repository}`, reason: '' }
    } catch (error) {
      if (!isStrakeError(error)) throw error
      reason = error.message
    }
  }
  return { reason }
}

/** Returns the repositories that had the content; if none is known, those of all named images. */
function sourcesOf(
  { records }: Pick<Engine, 'records'>,
  { digest }: Descriptor,
): readonly { readonly registry: string; readonly repository: string }[] {
  const own = records.sources.of(digest)
  const places =
    own.length > 0
      ? own
      : records.tags.list().flatMap(({ target }) => records.sources.of(target.digest))
  const found = new Map(places.map((place) => [`${place.registry}/${place.repository}`, place]))
  return [...found.values()]
}
