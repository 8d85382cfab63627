// Loading these modules takes milliseconds. A command that does not need them must not load them.

/** Returns `node:fs`, loaded at the first call. */
export const fs = (): typeof import('node:fs') => process.getBuiltinModule('node:fs')

/** Returns `node:fs/promises`, loaded at the first call. */
export const fsPromises = (): typeof import('node:fs/promises') =>
  process.getBuiltinModule('node:fs/promises')

/** Waits. Throws the reason of `signal` when it aborts. */
export const sleep = async (milliseconds: number, signal?: AbortSignal): Promise<void> => {
  const { setTimeout } = process.getBuiltinModule('node:timers/promises')
  try {
    await setTimeout(milliseconds, undefined, signal === undefined ? {} : { signal })
  } catch (error) {
    signal?.throwIfAborted()
    throw error
  }
}

/** Returns the directory of a path. */
export const dirname = (path: string): string => process.getBuiltinModule('node:path').dirname(path)
