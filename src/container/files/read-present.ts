import { StrakeError } from '#oci'
import type { ContainerContext } from '../model/context.ts'
import type { Container } from '../model/record.ts'

/**
 * Yields what is read of the files of a container. Throws `NOT_FOUND` at the end, or instead of
 * another error, if another process has removed the container: files may be missing then. A removal
 * deletes the record before the files.
 */
export async function* readPresent<T>(
  { records }: Pick<ContainerContext, 'records'>,
  { id, name }: Pick<Container, 'id' | 'name'>,
  items: AsyncIterable<T> | Iterable<T>,
): AsyncGenerator<T, void, undefined> {
  const requirePresent = (cause?: unknown): void => {
    if (records.containers.get(id) !== undefined) return
    const message = `Cannot read the files of container ${name}: another process removed it`
    throw new StrakeError('NOT_FOUND', message, { cause })
  }
  try {
    yield* items
  } catch (error) {
    requirePresent(error)
    throw error
  }
  requirePresent()
}
