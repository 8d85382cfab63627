import { existsSync, realpathSync } from 'node:fs'

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
