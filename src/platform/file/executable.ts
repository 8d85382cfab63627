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
