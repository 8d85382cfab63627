import { formatPlatform, isStrakeError, type Platform, parsePlatform, StrakeError } from '#oci'
import { hostPlatform } from '#platform'
import type { ImageRecord } from '#records'
import { type Emit, silent } from '#stream'
import type { Engine } from '../engine.ts'
import { type FoundImage, findImage, listPlatforms, suitsPlatform } from '../image/find-image.ts'

export interface FindOrPullOptions {
  readonly image: string
  /** Default `missing`. */
  readonly pull?: 'missing' | 'always' | 'never' | undefined
  readonly platform?: string | undefined
  readonly emit?: Emit | undefined
  readonly signal?: AbortSignal | undefined
}

/** Finds the image of a container in the store, or pulls it. Throws `NOT_FOUND`, and what `pull` throws. */
export async function findOrPull(engine: Engine, options: FindOrPullOptions): Promise<FoundImage> {
  const { image: text, pull: when = 'missing', platform, emit = silent, signal } = options
  const wanted = platform === undefined ? undefined : parsePlatform(platform)
  const stored = findImage(engine.records, text, wanted)
  const isThere = stored !== undefined && suitsPlatform(stored, wanted)
  const found = when === 'always' ? undefined : stored
  if (found && isThere) return found
  if (found?.index !== undefined) throw lacksPlatform(text, found.index.images, wanted)
  const suffix = platform === undefined ? '' : ` for ${platform}`
  if (when === 'never') {
    throw new StrakeError(
      'NOT_FOUND',
      `Cannot use image ${text}: No such image: ${text}${suffix}`,
      {
        remedy: `strake pull ${platform === undefined ? '' : `--platform ${platform} `}${text}, or see strake images`,
      },
    )
  }
  try {
    if (!stored) emit({ type: 'status', message: `Unable to find image '${text}' locally` })
    const { pull } = await import('../image/pull.ts')
    await pull(engine, text, { emit, platform, signal })
  } catch (cause) {
    if (!isStrakeError(cause)) throw cause
    const reason = cause.message.replace(/^C/, 'c')
    if (isThere) {
      throw new StrakeError(cause.code, `Cannot refresh image ${text}: ${reason}`, {
        cause,
        remedy: 'run without --pull to use the image that is in the store',
      })
    }
    const message = `Cannot use image ${text}: it is not in the store${suffix}, and ${reason}`
    throw new StrakeError(cause.code, message, {
      cause,
      remedy: cause.remedy ?? 'see strake images',
    })
  }
  const pulled = findImage(engine.records, text, wanted)
  if (pulled) return pulled
  throw new StrakeError('NOT_FOUND', `Cannot use image ${text}: another process removed it`)
}

/**
 * Explains why the name is not pulled: it would then mean one platform, and the others
 * would have no name.
 */
function lacksPlatform(
  text: string,
  images: readonly ImageRecord[],
  wanted: Platform = hostPlatform(),
): StrakeError {
  const platform = formatPlatform(wanted)
  const reason = `the store has it for ${listPlatforms(images)}`
  return new StrakeError('NOT_FOUND', `Cannot use image ${text} on ${platform}: ${reason}`, {
    remedy: `run another platform with --platform, or strake pull --platform ${platform} ${text}`,
  })
}
