import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

// What containers see must not depend on the umask of the caller, which may take away
// what other users need, or give them what they must not have.

/** Writes a file that then has exactly these permissions. */
export function writeFileWithMode(path: string, content: string | Uint8Array, mode: number): void {
  writeFileSync(path, content, { mode })
  chmodSync(path, mode)
}

/** Makes a directory and what is missing above it, all of exactly these permissions. */
export function makeDirectoriesWithMode(path: string, mode: number): void {
  const topmost = mkdirSync(path, { recursive: true, mode })
  if (topmost === undefined) return
  for (let made = path; made.length > topmost.length; made = dirname(made)) chmodSync(made, mode)
  chmodSync(topmost, mode)
}
