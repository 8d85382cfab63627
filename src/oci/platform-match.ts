import type { Descriptor } from './descriptor.ts'
import { StrakeError } from './error.ts'
import { formatPlatform, normalizePlatform, type Platform } from './platform.ts'

/** The variants that an architecture can run, best first; `undefined` means an absent variant. */
const fallbacks: Readonly<Record<string, readonly (string | undefined)[]>> = {
  amd64: ['v4', 'v3', 'v2', undefined],
  arm: ['v8', 'v7', 'v6', 'v5'],
  arm64: ['v9', undefined],
}

/**
 * Returns the manifest of an index to use on `wanted`: the closest variant that the processor can
 * run, and the first of these in the order of the index. Never returns attestations and
 * `unknown/unknown`. Returns a single manifest without a platform, and `undefined` when no manifest
 * fits.
 *
 * @see https://github.com/opencontainers/image-spec/blob/v1.1.1/image-index.md
 */
export function matchPlatform(
  wanted: Platform,
  candidates: readonly Descriptor[],
): Descriptor | undefined {
  const target = normalizePlatform(wanted)
  const runnable = candidates.filter(isRunnable)
  for (const variant of acceptedVariants(target)) {
    const match = runnable.find(({ platform }) => fits(target, variant, platform))
    if (match !== undefined) return match
  }
  const [only, ...others] = runnable
  return only?.platform === undefined && others.length === 0 ? only : undefined
}

/** Returns the error for an index of which nothing fits: `NOT_FOUND`, with the platforms of the index. */
export function refusePlatform(
  wanted: Platform,
  candidates: readonly Descriptor[],
  what: string,
): StrakeError {
  const available = new Set(
    candidates.filter(isRunnable).map(({ platform }) => (platform ? formatPlatform(platform) : '')),
  )
  available.delete('')
  const list = [...available].join(', ')
  return new StrakeError(
    'NOT_FOUND',
    `Cannot use ${what} on ${formatPlatform(wanted)}: it is made for ${list || 'no platform'}`,
    list === '' ? {} : { remedy: 'choose one of these with --platform' },
  )
}

/** The annotation of an attestation with the digest of its image. */
export const subjectAnnotation = 'vnd.docker.reference.digest'

/** False for attestations and other manifests that cannot be run. */
export function isRunnable({ platform, annotations }: Descriptor): boolean {
  if (annotations?.['vnd.docker.reference.type'] === 'attestation-manifest') return false
  return platform === undefined || platform.os !== 'unknown' || platform.architecture !== 'unknown'
}

function acceptedVariants(target: Platform): readonly (string | undefined)[] {
  const chain = fallbacks[target.architecture]
  const start = chain?.indexOf(target.variant) ?? -1
  return chain === undefined || start < 0 ? [target.variant] : chain.slice(start)
}

function fits(target: Platform, variant: string | undefined, platform?: Platform): boolean {
  if (platform === undefined) return false
  const offered = normalizePlatform(platform)
  return (
    offered.os === target.os &&
    offered.architecture === target.architecture &&
    offered.variant === variant &&
    sameBuild(target['os.version'], offered['os.version']) &&
    (offered['os.features'] ?? []).every((feature) => target['os.features']?.includes(feature))
  )
}

/** Windows runs only containers of its own build number. The revision may differ. */
function sameBuild(wanted: string | undefined, offered: string | undefined): boolean {
  if (wanted === undefined || offered === undefined) return true
  const build = (version: string): string => version.split('.').slice(0, 3).join('.')
  return build(wanted) === build(offered)
}
