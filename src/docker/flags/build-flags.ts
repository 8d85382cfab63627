import type { BuildRequest } from '#engine/build/build'
import { StrakeError } from '#oci'

/** Reads `--network` of a build. Throws `INVALID`. */
export function parseBuildNetwork(text: string): BuildRequest['network'] {
  const mode = text === 'bridge' ? 'default' : text
  if (mode === 'default' || mode === 'none' || mode === 'host') return mode
  throw new StrakeError(
    'INVALID',
    `Cannot build with --network ${text}: expected default, none or host`,
  )
}

/** Reads `--timestamp`. Throws `INVALID`. */
export function parseTimestamp(text: string): BuildRequest['timestamp'] {
  if (text === 'now') return 'now'
  const epoch = Number(text)
  if (Number.isSafeInteger(epoch) && epoch >= 0) return epoch
  throw new StrakeError(
    'INVALID',
    `Cannot use --timestamp ${text}: expected 'now' or seconds since 1970`,
  )
}
