import type { CopyEndpoint } from '#engine/copy/trees'

/**
 * Reads a path of `cp`. `NAME:PATH` is in a container or volume; a path that begins with `/` or `.` is
 * on this machine, also with a colon in it.
 */
export function parseCopyPath(
  text: string,
  kind: 'container' | 'volume' = 'container',
): CopyEndpoint {
  const colon = text.indexOf(':')
  if (colon < 1 || text.startsWith('/') || text.startsWith('.')) return { path: text }
  return { [kind]: text.slice(0, colon), path: text.slice(colon + 1) }
}
