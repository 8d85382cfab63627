import type { BuildRequest } from '#engine/build/build'
import type { ShellPlace } from '#engine/debug/shell'
import { type Platform, parsePlatform, StrakeError } from '#oci'
import { hostPlatform } from '#platform'

/** Words of Docker and Podman for a network that reaches others. */
const usual = /^(?:bridge|private|pasta(?::.*)?|slirp4netns(?::.*)?)$/s

/** Reads `--network` of a build. Throws `INVALID`. */
export function parseBuildNetwork(text: string): BuildRequest['network'] {
  const mode = usual.test(text) ? 'default' : text
  if (mode === 'default' || mode === 'none' || mode === 'host' || mode === 'proxy') return mode
  throw new StrakeError(
    'INVALID',
    `Cannot build with --network ${text}: expected default, none, host or proxy`,
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

/** Reads `--shell` of a build: STAGE, STAGE:LINE or :LINE. Throws `INVALID`. */
export function parseShellPlace(text: string): ShellPlace {
  const [, stage = '', line] = /^([^:]*)(?::(\d{1,9}))?$/.exec(text) ?? []
  if (stage === '' && line === undefined) {
    throw new StrakeError(
      'INVALID',
      `Cannot use --shell ${text}: expected STAGE, STAGE:LINE or :LINE`,
    )
  }
  return {
    ...(stage !== '' && { stage }),
    ...(line !== undefined && { line: Number(line) }),
  }
}

/**
 * Reads `--platform` of a build: platforms between commas, in several flags; `local` is this
 * machine. Each platform once. Throws `INVALID`.
 */
export function parsePlatforms(texts: readonly string[]): readonly Platform[] | undefined {
  const words = texts.flatMap((text) => text.split(',')).map((word) => word.trim())
  if (words.length === 0) return undefined
  const platforms = words.map((word) => (word === 'local' ? hostPlatform() : parsePlatform(word)))
  return [...new Map(platforms.map((each) => [JSON.stringify(each), each])).values()]
}
