import { existsSync, realpathSync } from 'node:fs'

/** Sockets by which engines are told what to do: whoever writes to one is root. */
const wellKnown = [
  '/run/docker.sock',
  '/run/podman/podman.sock',
  '/run/containerd/containerd.sock',
  '/run/crio/crio.sock',
  '/run/buildkit/buildkitd.sock',
]

const names = new Set(wellKnown.map((path) => path.slice(path.lastIndexOf('/') + 1)))

/** The sockets of engines that a bind mount of `source` would show: itself, or what lies below. */
export function controlSocketsIn(source: string): readonly string[] {
  const real = existsSync(source) ? realpathSync(source) : source
  if (names.has(real.slice(real.lastIndexOf('/') + 1))) return [real]
  const below = real === '/' ? '/' : `${real}/`
  return wellKnown.filter((path) => path.startsWith(below) && existsSync(path))
}
