import { version } from '#engine/host/version'
import { newest, versionText } from './versions.ts'

/** Headers of every response. Clients read the newest version and the system from them. */
export const standardHeaders: Readonly<Record<string, string>> = {
  'Api-Version': versionText(newest),
  'Docker-Experimental': 'false',
  Ostype: 'linux',
  Server: `strake/${version} (linux)`,
}
