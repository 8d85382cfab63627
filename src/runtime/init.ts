import { readFileSync } from 'node:fs'
import { StrakeError } from '#oci'
import { isExecutable } from '#platform'

/** Where distributions put a small init; static ones first, since it runs with the image's libraries. */
const candidates = [
  '/usr/bin/tini-static',
  '/sbin/tini-static',
  '/usr/bin/docker-init',
  '/usr/libexec/podman/catatonit',
  '/usr/bin/catatonit',
  '/usr/libexec/docker/docker-init',
  '/usr/bin/tini',
]

/** Where it appears inside the container. */
export const initDestination = '/sbin/docker-init'

/**
 * A static init program of this machine for `--init`. Throws `UNSUPPORTED`
 * when there is none: a dynamic one would look for its libraries in the image.
 */
export function findInit(): string {
  const found = candidates.find((path) => isExecutable(path) && isStatic(path))
  if (found !== undefined) return found
  throw new StrakeError('UNSUPPORTED', 'Cannot use --init: no static init program is installed', {
    remedy: 'install the package tini or catatonit',
  })
}

const interpreterHeader = 3

/** A dynamic ELF program names its interpreter in a program header of its own. */
function isStatic(path: string): boolean {
  const file = readFileSync(path)
  if (file.length < 64 || file.readUInt32BE(0) !== 0x7f454c46 || file[4] !== 2) return false
  const start = Number(file.readBigUInt64LE(32))
  const [size, count] = [file.readUInt16LE(54), file.readUInt16LE(56)]
  for (let index = 0; index < count; index++) {
    if (file.readUInt32LE(start + index * size) === interpreterHeader) return false
  }
  return true
}
