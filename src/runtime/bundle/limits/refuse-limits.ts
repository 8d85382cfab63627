import { StrakeError } from '#oci'
import { ownsCgroups } from '../../cgroup.ts'
import type { ResourceOptions } from './resources.ts'

/** Throws `DENIED` when the options limit something and this process may not make control groups. */
export function refuseLimits(
  options: ResourceOptions,
  mayLimit: () => boolean = ownsCgroups,
): void {
  const limit = Object.entries(options).find(([, value]) => isLimit(value))
  if (limit === undefined || mayLimit()) return
  const what = limit[0].replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
  throw new StrakeError(
    'DENIED',
    `Cannot limit ${what} of a container: this process may not make control groups`,
    { remedy: 'leave out the limit, or run strake as root' },
  )
}

/** Docker's clients send 0 for limits that nobody asked for, and -1 means no limit. */
function isLimit(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : Boolean(value) && value !== -1
}
