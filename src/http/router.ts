import type { Handler } from './handler.ts'
import { refuse } from './refusal.ts'

/** A handler and the path below which it serves requests. */
export interface Mount {
  /** `/v2` covers `/v2` itself and everything below it; `/` covers everything. */
  readonly path: string
  readonly handler: Handler
}

/** Combines handlers by path. The longest path that covers a request wins. */
export function createRouter(mounts: readonly Mount[]): Handler {
  const ordered = [...mounts].sort((one, other) => other.path.length - one.path.length)
  return (request, exchange) => {
    const { pathname } = new URL(request.url)
    const found = ordered.find(({ path }) => covers(path, pathname))
    if (found === undefined) {
      return Promise.resolve(refuse(404, 'Cannot serve the request: no such endpoint'))
    }
    return found.handler(request, exchange)
  }
}

function covers(path: string, pathname: string): boolean {
  return path === '/' || pathname === path || pathname.startsWith(`${path}/`)
}
