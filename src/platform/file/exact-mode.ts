import { dirname, fs } from '../call/node-fs.ts'

// Permissions that a container sees must not depend on the umask of the caller, which may remove
// bits that other users need, or leave bits that they must not have.

/** Writes a file with exactly these permissions. */
export function writeFileWithMode(path: string, content: string | Uint8Array, mode: number): void {
  fs().writeFileSync(path, content, { mode })
  fs().chmodSync(path, mode)
}

/** Creates a directory and the missing ones above it, all with exactly these permissions. */
export function makeDirectoriesWithMode(path: string, mode: number): void {
  const topmost = fs().mkdirSync(path, { recursive: true, mode })
  if (topmost === undefined) return
  for (let made = path; made.length > topmost.length; made = dirname(made))
    fs().chmodSync(made, mode)
  fs().chmodSync(topmost, mode)
}
