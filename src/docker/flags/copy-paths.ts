import type { CopyEndpoint } from '#engine/copy/trees'

/**
 * Reads a path of `cp`. `CONTAINER:PATH` is in a container; a path that begins with `/` or `.` is
 * on this machine, also with a colon in it.
 */
export function parseCopyPath(text: string): CopyEndpoint {
  const colon = text.indexOf(':')
  if (colon < 1 || text.startsWith('/') || text.startsWith('.')) return { path: text }
  return { container: text.slice(0, colon), path: text.slice(colon + 1) }
}
