// Loading these modules costs milliseconds, which a command that does not need them saves.

/** Returns `node:fs`, loaded at the first call. */
export const fs = (): typeof import('node:fs') => process.getBuiltinModule('node:fs')

/** Returns `node:fs/promises`, loaded at the first call. */
export const fsPromises = (): typeof import('node:fs/promises') =>
  process.getBuiltinModule('node:fs/promises')
