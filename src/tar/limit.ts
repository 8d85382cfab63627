import type { TarHeader, TarLimits } from './entry.ts'
import type { Refuse } from './header.ts'
import { encodeName } from './name.ts'

/** Refuses a name that is empty, too long, too deep, or has a component that is too long. */
export function checkName(name: string, limits: TarLimits, refuse: Refuse): void {
  if (name === '') refuse('it has no name')
  // A name this short is within every limit of a file system.
  if (name.length * 3 <= Math.min(limits.componentLength, limits.depth, limits.pathLength)) return
  const bytes = encodeName(name)
  if (bytes.length > limits.pathLength) {
    refuse(`its name is longer than ${limits.pathLength} bytes`)
  }
  let depth = 0
  for (let start = 0; start <= bytes.length; ) {
    const slash = bytes.indexOf(0x2f, start)
    const end = slash === -1 ? bytes.length : slash
    if (end - start > limits.componentLength) {
      refuse(`its name has a component longer than ${limits.componentLength} bytes`)
    }
    if (end > start) depth++
    start = end + 1
  }
  if (depth > limits.depth) refuse(`its name is deeper than ${limits.depth} directories`)
}

/** Refuses a target that is empty, too long or too deep. The target need not exist. */
export function checkLink(linkpath: string, limits: TarLimits, refuse: Refuse): void {
  if (linkpath === '') refuse('it has no link target')
  checkName(linkpath, { ...limits, componentLength: 4096 }, refuse)
}

/** Refuses an owner that no file can have: for the kernel the largest number means "no change". */
export function checkOwner({ uid, gid }: Pick<TarHeader, 'uid' | 'gid'>, refuse: Refuse): void {
  if (uid > maximumId || gid > maximumId) refuse('its owner is out of range')
}

const maximumId = 2 ** 32 - 2
