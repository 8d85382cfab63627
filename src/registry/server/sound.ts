import { ContentMismatchError, isStrakeError, StrakeError } from '#oci'

/**
 * Returns what `read` returns. When the store finds damage it sets the content aside, so
 * `find` then throws that the content is unknown. It is an internal error if `find` throws nothing: the
 * content is on another registry, or in a bucket that has lost it.
 */
export async function readSound<T>(
  read: () => Promise<T>,
  find: () => Promise<unknown>,
): Promise<T> {
  try {
    return await read()
  } catch (cause) {
    const isUnsound = cause instanceof ContentMismatchError || isStrakeError(cause, 'NOT_FOUND')
    if (!isUnsound) throw cause
    await find()
    throw new StrakeError('INTERNAL', 'Cannot serve content that is damaged or lost', { cause })
  }
}
