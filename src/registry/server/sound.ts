import { ContentMismatchError, StrakeError } from '#oci'

/**
 * What `read` returns. Content that a store finds to be damaged it sets aside, so
 * it is unknown from then on, and `find` throws that. Of other registries' content
 * nobody here can say what is wrong.
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
