import { formatPlatform } from '#oci'
import { hostPlatform } from '#platform'
import { emulatedPlatforms } from '#runtime'

/** The one builder of this machine, which is this program. */
export interface Builder {
  readonly name: 'default'
  /** Its own platform first, and then those that QEMU runs here. */
  readonly platforms: readonly string[]
}

export function describeBuilder(): Builder {
  const own = formatPlatform(hostPlatform())
  const others = emulatedPlatforms().filter((platform) => platform !== own)
  return { name: 'default', platforms: [own, ...others] }
}

/** The release of buildx whose commands and flags strake has. Scripts compare it. */
export const buildxVersion = 'v0.38.2'
