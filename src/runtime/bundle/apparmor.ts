import { StrakeError } from '#oci'
import { isSystemError, readSmallFile } from '#platform'
import type { ProcessConfig } from './spec.ts'

/** The profiles that the kernel has, one a line: `docker-default (enforce)`. Absent without AppArmor. */
const profilesFile = '/sys/kernel/security/apparmor/profiles'

/** The profile that Docker loads, and that a container gets when the kernel has it. */
const usualProfile = 'docker-default'

interface Confinement {
  readonly apparmor?: string | undefined
  readonly privileged?: boolean | undefined
}

/** Refuses a profile that the kernel does not have: the runtime would fail later. Throws `UNSUPPORTED` and `NOT_FOUND`. */
export function checkApparmor(profile: string | undefined, file: string = profilesFile): void {
  if (profile === undefined || profile === 'unconfined') return
  const loaded = loadedProfiles(file)
  const action = `Cannot use the AppArmor profile ${JSON.stringify(profile)}`
  if (loaded === undefined) {
    throw new StrakeError('UNSUPPORTED', `${action}: this kernel has no AppArmor`, {
      remedy: 'leave --security-opt apparmor= out',
    })
  }
  if (loaded.has(profile)) return
  throw new StrakeError('NOT_FOUND', `${action}: it is not loaded`, {
    remedy: 'load it with apparmor_parser -r FILE',
  })
}

/** Returns the profile of a process. `unconfined` is written only where the kernel has AppArmor. */
export function apparmorConfig(
  { apparmor, privileged }: Confinement,
  file: string = profilesFile,
): Pick<ProcessConfig, 'apparmorProfile'> {
  if (apparmor === undefined && privileged) return {}
  const loaded = loadedProfiles(file)
  if (loaded === undefined) return {}
  if (apparmor !== undefined) return { apparmorProfile: apparmor }
  return loaded.has(usualProfile) ? { apparmorProfile: usualProfile } : {}
}

/** Returns `undefined` without AppArmor. A name may contain spaces and slashes. */
function loadedProfiles(file: string): ReadonlySet<string> | undefined {
  try {
    const lines = readSmallFile(file)?.split('\n')
    return lines && new Set(lines.map((line) => line.replace(/ \(\w+\)$/, '')))
  } catch (error) {
    if (isSystemError(error)) return undefined
    throw error
  }
}
