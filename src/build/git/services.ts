import type { BuildLock } from '../lock/lock.ts'
import type { SshAgent } from '../model/mounts.ts'
import { gitAddress } from '../source/git-address.ts'
import type { Downloads } from '../source/http.ts'
import { offline } from '../source/refusal.ts'
import type { HttpServices } from '../source/services.ts'
import type { GitServices } from './repository.ts'

/** The permissions and credentials of a build for reading from other machines. */
export interface RemoteAccess {
  readonly downloads: Downloads
  readonly secrets: ReadonlyMap<string, Uint8Array>
  readonly agents: ReadonlyMap<string, SshAgent>
  /** Passwords of URLs, by URL without the password. */
  readonly userinfo: ReadonlyMap<string, string>
  readonly http: HttpServices
  readonly lock: BuildLock | undefined
  readonly isOffline: boolean
}

/** The services of git for a build. */
export function gitServices(
  { downloads, secrets, agents, userinfo, http, isOffline }: Omit<RemoteAccess, 'lock'>,
  signal: AbortSignal,
): GitServices {
  return {
    credentials: { secrets, agents, userinfo, env: http.env },
    async addressOf(remote) {
      if (isOffline) throw offline(remote)
      return await gitAddress(remote, downloads, http)
    },
    signal,
  }
}
