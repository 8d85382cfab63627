import { StrakeError } from './error.ts'

/**
 * The platform on which the content of a manifest runs. @see image-index.md of the image
 * specification.
 */
export interface Platform {
  readonly os: string
  readonly architecture: string
  readonly variant?: string
  readonly 'os.version'?: string
  readonly 'os.features'?: readonly string[]
}

/** Names for an architecture that users and kernels use, with the name of the specification. */
const synonyms: Readonly<Record<string, readonly [architecture: string, variant?: string]>> = {
  x86_64: ['amd64'],
  'x86-64': ['amd64'],
  aarch64: ['arm64'],
  armhf: ['arm', 'v7'],
  armv7l: ['arm', 'v7'],
  armel: ['arm', 'v6'],
  armv6l: ['arm', 'v6'],
  armv5l: ['arm', 'v5'],
  i386: ['386'],
  i486: ['386'],
  i586: ['386'],
  i686: ['386'],
  x86: ['386'],
  ppc64el: ['ppc64le'],
}

/** The default variant of an architecture, which a printed platform leaves out. */
const impliedVariant: Readonly<Record<string, string>> = { amd64: 'v1', arm64: 'v8' }

/** A single word is an architecture only if it is one of these, as in Docker. */
const known =
  /^(?:386|amd64(?:p32)?|arm(?:be)?|arm64(?:be)?|loong64|mips(?:le)?|mips64(?:p32)?(?:le)?|ppc|ppc64(?:le)?|riscv(?:64)?|s390x?|sparc(?:64)?|wasm)$/

const part = /^[A-Za-z0-9][\w.-]*$/

/**
 * Reads `os/architecture[/variant]`, with an optional `os(version)`; only an architecture means
 * Linux. The result is normalised. Throws `INVALID`.
 */
export function parsePlatform(text: string): Platform {
  const match = /^([^/()]+)(?:\(([^()]+)\))?(?:\/([^/]+)(?:\/([^/]+))?)?$/.exec(text.trim())
  const [, first = '', version, second, variant] = match ?? []
  const os = second === undefined ? 'linux' : first
  const architecture = second ?? first
  const parts = [os, architecture, ...(variant === undefined ? [] : [variant])]
  const isOsAlone = second === undefined && /^(?:linux|windows|darwin|freebsd)$/i.test(first)
  if (match === null || isOsAlone || parts.some((each) => !part.test(each))) {
    throw new StrakeError(
      'INVALID',
      `Cannot use platform ${JSON.stringify(text)}: it is not of the form os/architecture[/variant]`,
      { remedy: 'write for example linux/arm64 or linux/arm/v7' },
    )
  }
  if (second === undefined && !known.test(normalizePlatform({ os, architecture }).architecture)) {
    throw new StrakeError(
      'INVALID',
      `Cannot use platform ${JSON.stringify(text)}: unknown operating system or architecture`,
      { remedy: 'write for example linux/arm64 or linux/arm/v7' },
    )
  }
  return normalizePlatform({
    os,
    architecture,
    ...(variant !== undefined && { variant }),
    ...(version !== undefined && { 'os.version': version }),
  })
}

/** `os/architecture[/variant]`, normalised. */
export function formatPlatform(platform: Platform): string {
  const { os, architecture, variant } = normalizePlatform(platform)
  return [os, architecture, ...(variant === undefined ? [] : [variant])].join('/')
}

/**
 * Returns one spelling for each platform: `x86_64` becomes `amd64`, `arm64/v8` becomes `arm64`,
 * `arm` without a variant becomes `arm/v7`.
 */
export function normalizePlatform(platform: Platform): Platform {
  const os = platform.os.toLowerCase()
  const written = platform.architecture.toLowerCase()
  const [architecture, implied] = Object.hasOwn(synonyms, written)
    ? (synonyms[written] ?? [written])
    : [written]
  const variant = normalizeVariant(architecture, platform.variant?.toLowerCase() || implied)
  const { 'os.version': version, 'os.features': features } = platform
  return {
    os: os === 'macos' ? 'darwin' : os,
    architecture,
    ...(variant !== undefined && { variant }),
    ...(version !== undefined && version !== '' && { 'os.version': version }),
    ...(features !== undefined && features.length > 0 && { 'os.features': features }),
  }
}

function normalizeVariant(architecture: string, variant: string | undefined): string | undefined {
  if (variant === undefined) return architecture === 'arm' ? 'v7' : undefined
  const versioned = /^[0-9]/.test(variant) ? `v${variant}` : variant
  return impliedVariant[architecture] === versioned ? undefined : versioned
}
