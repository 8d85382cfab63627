import type { Descriptor } from './descriptor.ts'
import { StrakeError } from './error.ts'
import { formatPlatform, normalizePlatform, type Platform } from './platform.ts'

/** The variants an architecture falls back through, best first; `undefined` is "none written". */
const fallbacks: Readonly<Record<string, readonly (string | undefined)[]>> = {
  amd64: ['v4', 'v3', 'v2', undefined],
  arm: ['v8', 'v7', 'v6', 'v5'],
  arm64: ['v9', undefined],
}

/**
 * The manifest of an index to use on `wanted`: the closest variant the
 * processor can run, and the first of these in the index's order. Attestations
 * and `unknown/unknown` are never chosen. A lone manifest that does not say
 * what it runs on is chosen; `undefined` when nothing fits.
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

/** Like `matchPlatform`, but nothing fitting throws `NOT_FOUND` and lists what there is. */
export function selectPlatform(
  wanted: Platform,
  candidates: readonly Descriptor[],
  what: string,
): Descriptor {
  const match = matchPlatform(wanted, candidates)
  if (match !== undefined) return match
  const available = new Set(
    candidates.filter(isRunnable).map(({ platform }) => (platform ? formatPlatform(platform) : '')),
  )
  available.delete('')
  const list = [...available].join(', ')
  throw new StrakeError(
    'NOT_FOUND',
    `Cannot use ${what} on ${formatPlatform(wanted)}: it is made for ${list || 'no platform'}`,
    list === '' ? {} : { remedy: 'choose one of these with --platform' },
  )
}

/** False for attestations and everything else that is not made to be run. */
function isRunnable({ platform, annotations }: Descriptor): boolean {
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

/** Windows runs a container of its own build; the revision behind it may differ. */
function sameBuild(wanted: string | undefined, offered: string | undefined): boolean {
  if (wanted === undefined || offered === undefined) return true
  const build = (version: string): string => version.split('.').slice(0, 3).join('.')
  return build(wanted) === build(offered)
}
