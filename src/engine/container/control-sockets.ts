import { existsSync, realpathSync } from 'node:fs'
import type { MountRequest } from '#container'
import { StrakeError } from '#oci'

/** The socket on which `system serve` listens by default. */
export function apiSocket(run: string): string {
  return `${run}/docker.sock`
}

/** Returns the mount of the API's socket at the place where clients look for it. Throws `NOT_FOUND`. */
export function mountApiSocket(run: string): MountRequest {
  const source = apiSocket(run)
  if (existsSync(source)) return { type: 'bind', source, destination: '/var/run/docker.sock' }
  throw new StrakeError('NOT_FOUND', `Cannot use --use-api-socket: nothing serves ${source}`, {
    remedy: 'start strake system serve, or the unit strake.socket',
  })
}

/** Control sockets of engines. A process that can write to one can become root. */
const wellKnown = [
  '/run/docker.sock',
  '/run/podman/podman.sock',
  '/run/containerd/containerd.sock',
  '/run/crio/crio.sock',
  '/run/buildkit/buildkitd.sock',
]

const names = new Set(wellKnown.map((path) => path.slice(path.lastIndexOf('/') + 1)))

/**
 * Returns the control sockets that a bind mount of `source` would show: `source` itself, or the
 * well-known ones and those of `places` that exist below it.
 */
export function controlSocketsIn(
  source: string,
  places: readonly string[] = [],
): readonly string[] {
  const real = existsSync(source) ? realpathSync(source) : source
  if (names.has(real.slice(real.lastIndexOf('/') + 1))) return [real]
  const below = real === '/' ? '/' : `${real}/`
  return [...wellKnown, ...places].filter((path) => path.startsWith(below) && existsSync(path))
}
