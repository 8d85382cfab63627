/**
 * Returns the canonical spelling of an archive path: components joined by single slashes, without a
 * leading or trailing one, `''` for the root. Absolute paths are relative to the root; `..` removes
 * the component before it. Returns `undefined` for a path whose `..` leaves the root.
 *
 * A clean path is not yet safe: a component may be a symbolic link in the file system. Code that
 * opens it must resolve it there, inside a `Root`.
 */
export function cleanPath(path: string): string | undefined {
  // `tar -C directory .` spells every path with this prefix.
  const rest = path.startsWith('./') ? path.slice(2) : path
  if (isClean(rest)) return rest
  const parts: string[] = []
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue
    if (part !== '..') parts.push(part)
    else if (parts.pop() === undefined) return undefined
  }
  return parts.join('/')
}

function isClean(path: string): boolean {
  let start = 0
  for (let i = 0; i <= path.length; i++) {
    if (i < path.length && path.charCodeAt(i) !== 0x2f) continue
    const length = i - start
    const dots = path.charCodeAt(start) === 0x2e
    if (length === 0 || (dots && length === 1)) return false
    if (dots && length === 2 && path.charCodeAt(start + 1) === 0x2e) return false
    start = i + 1
  }
  return true
}

/** The directory part of a clean path; `''` for a name in the root. */
export function parentPath(path: string): string {
  const slash = path.lastIndexOf('/')
  return slash === -1 ? '' : path.slice(0, slash)
}

/** The last component of a clean path. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}
