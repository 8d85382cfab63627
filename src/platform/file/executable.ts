/**
 * Finds a program in the directories of a PATH. Relative directories are left out: the directory of a
 * project must not name a program.
 */
export function findProgram(name: string, path: string): string | undefined {
  const directories = path.split(':').filter((directory) => directory.startsWith('/'))
  return directories.map((directory) => `${directory}/${name}`).find(isExecutable)
}

/** True for a file that this process may execute. */
export function isExecutable(path: string): boolean {
  const { accessSync, constants } = process.getBuiltinModule('node:fs')
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
