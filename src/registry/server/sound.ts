import { ContentMismatchError, StrakeError } from '#oci'

/**
 * Returns what `read` returns. When the store finds damage it sets the content aside, so
 * `find` then throws that the content is unknown. A proxy gets an internal error instead,
 * because its content is on another registry.
 */
export async function readSound<T>(
  read: () => Promise<T>,
  find: () => Promise<unknown>,
): Promise<T> {
  try {
    return await read()
  } catch (cause) {
    if (!(cause instanceof ContentMismatchError)) throw cause
    await find()
    throw new StrakeError('INTERNAL', 'Cannot serve damaged content', { cause })
  }
}
