import type { BaseImage, ResolveOptions } from '#build'
import {
  type Digest,
  familiarReference,
  formatPlatform,
  isStrakeError,
  parseReference,
  StrakeError,
} from '#oci'
import type { Engine } from '../engine.ts'
import { type FoundImage, findImage, listPlatforms, suitsPlatform } from '../image/find-image.ts'
import { pull } from '../image/pull.ts'
import { deferredBase } from './deferred-base.ts'

/**
 * Returns a base image of the store, or pulls it. With `defersLayers`, its layers are pulled when a
 * step needs them.
 */
export async function resolveBase(
  engine: Engine,
  text: string,
  options: ResolveOptions & { readonly defersLayers?: boolean },
): Promise<BaseImage> {
  const { platform, digest, emit, signal } = options
  const found = findImage(engine.records, digest ?? text, platform)
  const isUsable = found !== undefined && suitsPlatform(found, platform)
  // No registry has a newer image for an ID.
  const isCurrent = !options.pull || found?.name === undefined
  if (isUsable && isCurrent) return await openBase(engine, found)
  if (options.isOffline) throw absentOffline(text)
  try {
    if (options.defersLayers) return await deferredBase(engine, pinned(text, digest), options)
    const { manifest } = await pull(engine, pinned(text, digest), {
      platform: formatPlatform(platform),
      keepsPlatforms: true,
      emit,
      signal,
    })
    const pulled = findImage(engine.records, digest ?? text, platform)
    const isSame = pulled?.image.digest === manifest.digest
    return isSame ? await openBase(engine, pulled) : await engine.openImage(manifest)
  } catch (cause) {
    if (!isStrakeError(cause)) throw cause
    throw explain(text, { cause, found, options })
  }
}

async function openBase(engine: Engine, { image, index }: FoundImage): Promise<BaseImage> {
  const opened = await engine.openImage(image)
  return { ...opened, root: index?.descriptor.digest ?? image.digest }
}

/** The reference of the manifest itself, if its digest is known. */
export function pinned(text: string, digest: Digest | undefined): string {
  if (digest === undefined) return text
  const { registry, repository } = parseReference(text)
  return `${registry}/${repository}@${digest}`
}

export function absentOffline(text: string): StrakeError {
  const message = `Cannot use ${text} as a base: it is not in the store, and the build is offline`
  return new StrakeError('NOT_FOUND', message, {
    remedy: 'build once without --offline and --pull=never',
  })
}

interface Failed {
  readonly cause: StrakeError
  /** The image of the store with this name. */
  readonly found: FoundImage | undefined
  readonly options: ResolveOptions
}

/** Names what the store lacks and why the registry could not provide it. */
function explain(text: string, { cause, found, options }: Failed): StrakeError {
  const name = familiarReference(parseReference(text))
  const reason = lower(cause.message)
  const wanted = formatPlatform(options.platform)
  if (found === undefined) {
    const message = `Cannot use ${name} as a base: it is not in the store, and ${reason}`
    const remedy = cause.remedy ?? 'build, load or import it first'
    return new StrakeError(cause.code, message, { cause, remedy })
  }
  if (!suitsPlatform(found, options.platform)) {
    const there = listPlatforms(found.index?.images ?? [found.image])
    const message = `Cannot use ${name} as a base: the store has it for ${there}, not for ${wanted}, and ${reason}`
    const remedy = `build with --platform ${there}, or load the image for ${wanted}`
    return new StrakeError(cause.code, message, { cause, remedy })
  }
  const remedy = 'build without --pull to use the image that is in the store'
  return new StrakeError(cause.code, `Cannot refresh the base ${name}: ${reason}`, {
    cause,
    remedy,
  })
}

function lower(sentence: string): string {
  return sentence.charAt(0).toLowerCase() + sentence.slice(1)
}
