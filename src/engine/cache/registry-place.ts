import { type Descriptor, formatReference, isStrakeError, parseReference, StrakeError } from '#oci'
import type { Emit } from '#stream'
import type { Engine } from '../engine.ts'
import { rememberSource } from '../image/pull.ts'
import { otherRepository } from '../push/send-image.ts'
import type { RegistryCache } from './cache-options.ts'
import type { NamedManifests } from './manifest-place.ts'
import type { OpenPlace } from './place.ts'

/** A cache in a registry. */
export async function registryPlace(
  engine: Engine,
  { reference: text, insecure }: RegistryCache,
  emit?: Emit,
): Promise<NamedManifests & Required<Pick<OpenPlace, 'mountFrom'>>> {
  const reference = parseReference(text)
  const registry = await engine.registry(reference.registry, emit, { insecure })
  const repository = registry.repository(reference.repository)
  const tag = reference.tag ?? 'latest'
  // A push to another repository of the registry then mounts the blob.
  const remember = async (blob: Descriptor): Promise<void> =>
    await rememberSource(engine, reference, [blob])
  return {
    name: formatReference(reference),
    content: {
      has: (target, signal) => repository.has(target, signal),
      async *read(target, options) {
        yield* repository.read(target, options)
        await remember(target)
      },
      async write(expected, bytes, options) {
        const outcome = await repository.write(expected, bytes, options)
        await remember(expected)
        return outcome
      },
    },
    mountFrom: (blob) => otherRepository(engine, reference, blob),
    async resolve(signal) {
      try {
        return await repository.resolve(reference.digest ?? tag, signal)
      } catch (error) {
        if (isStrakeError(error, 'MANIFEST_UNKNOWN', 'NAME_UNKNOWN', 'NOT_FOUND')) return undefined
        throw error
      }
    },
    async publish(root, signal) {
      if (reference.digest !== undefined) {
        throw new StrakeError('INVALID', `Cannot write a cache to ${text}: it names a digest`, {
          remedy: 'name a tag with ref=NAME:TAG',
        })
      }
      await repository.tag(tag, root, signal)
    },
  }
}
