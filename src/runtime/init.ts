import { readFileSync } from 'node:fs'
import { StrakeError } from '#oci'
import { isExecutable } from '#platform'

/** The paths of small init programs in distributions. Static ones come first: a dynamic one needs its libraries in the image. */
const candidates = [
  '/usr/bin/tini-static',
  '/sbin/tini-static',
  '/usr/bin/docker-init',
  '/usr/libexec/podman/catatonit',
  '/usr/bin/catatonit',
  '/usr/libexec/docker/docker-init',
  '/usr/bin/tini',
]

/** The path of the init program inside the container. */
export const initDestination = '/sbin/docker-init'

/** Finds a static init program of this machine for `--init`. Throws `UNSUPPORTED` when none is installed. */
export function findInit(): string {
  const found = candidates.find((path) => isExecutable(path) && isStatic(path))
  if (found !== undefined) return found
  throw new StrakeError('UNSUPPORTED', 'Cannot use --init: no static init program is installed', {
    remedy: 'install the package tini or catatonit',
  })
}

const interpreterHeader = 3

/** A dynamic ELF program names its interpreter in a program header. */
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
