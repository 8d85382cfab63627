import { StrakeError } from '#oci'
import { isSystemError, readSmallFile } from '#platform'
import type { ProcessConfig } from './spec.ts'

/** The profiles that the kernel has, one a line: `docker-default (enforce)`. Absent without AppArmor. */
const profilesFile = '/sys/kernel/security/apparmor/profiles'

/** The profile that a container gets, loaded by Docker or by `loadUsualProfile`. */
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
  if (loaded.has(profile) || profile === usualProfile) return
  throw new StrakeError('NOT_FOUND', `${action}: it is not loaded`, {
    remedy: 'load it with apparmor_parser -r FILE',
  })
}

/** Whether a container needs `docker-default`, and the kernel has AppArmor without this profile. */
export function lacksUsualProfile(
  { apparmor, privileged }: Confinement,
  file: string = profilesFile,
): boolean {
  if (apparmor === undefined ? privileged : apparmor !== usualProfile) return false
  return loadedProfiles(file)?.has(usualProfile) === false
}

/**
 * Loads the profile `docker-default` if a container needs it and the kernel has AppArmor without it. Throws `UNAVAILABLE`
 * when that fails, because the container would have more rights than expected.
 */
export async function loadUsualProfile(security: Confinement = {}): Promise<void> {
  if (process.getuid?.() !== 0 || !lacksUsualProfile(security)) return
  const { loadProfile } = await import('./usual-profile.ts')
  await loadProfile(usualProfile)
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

/** Returns the profile that a container has or will have, as `inspect` shows it: empty without AppArmor. */
export function apparmorProfile(security: Confinement, file: string = profilesFile): string {
  const { apparmorProfile: profile } = apparmorConfig(security, file)
  if (profile !== undefined) return profile
  if (security.apparmor !== undefined) return security.apparmor
  return security.privileged && loadedProfiles(file) !== undefined ? 'unconfined' : ''
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
