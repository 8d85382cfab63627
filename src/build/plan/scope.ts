import { formatPlatform, type Platform } from '#oci'

/** Looks a variable up; `undefined` when it is not set. */
export type Lookup = (name: string) => string | undefined

/** What `--build-arg` gave, and which of it nothing asked for. */
export interface BuildArgs {
  get(name: string): string | undefined
  /** Marks `name` as used. */
  declare(name: string): void
  /** Sorted names that no ARG and no predefined argument consumed. */
  unused(): string[]
}

/** Usable without ARG; kept out of history and keys unless declared. */
export const proxyArgs: readonly string[] = [
  'HTTP_PROXY',
  'http_proxy',
  'HTTPS_PROXY',
  'https_proxy',
  'FTP_PROXY',
  'ftp_proxy',
  'NO_PROXY',
  'no_proxy',
  'ALL_PROXY',
  'all_proxy',
]

/** Proxy settings among build arguments as RUN gets them: under the name in both cases, as programs differ. */
export function proxyEnvironment(values: Readonly<Record<string, string>>): string[] {
  return proxyArgs.flatMap((name) => {
    const isUpper = name === name.toUpperCase()
    const value = values[name] ?? values[isUpper ? name.toLowerCase() : name.toUpperCase()]
    return value === undefined || value === '' ? [] : [`${name}=${value}`]
  })
}

/** Arguments the builder itself reads. */
const builtinArgs: readonly string[] = [
  'BUILDKIT_BUILD_NAME',
  'BUILDKIT_CACHE_MOUNT_NS',
  'BUILDKIT_CONTEXT_KEEP_GIT_DIR',
  'BUILDKIT_DOCKERFILE_CHECK',
  'BUILDKIT_INLINE_CACHE',
  'BUILDKIT_MULTI_PLATFORM',
  'BUILDKIT_SANDBOX_HOSTNAME',
  'BUILDKIT_SBOM_SCAN_CONTEXT',
  'BUILDKIT_SBOM_SCAN_STAGE',
  'BUILDKIT_SYNTAX',
  'SOURCE_DATE_EPOCH',
]

export function createBuildArgs(values: Readonly<Record<string, string>>): BuildArgs {
  const given = new Map(Object.entries(values))
  const used = new Set([...proxyArgs, ...builtinArgs, ...platformArgNames])
  return {
    get: (name) => given.get(name),
    declare: (name) => void used.add(name),
    unused: () => [...given.keys()].filter((name) => !used.has(name)).sort(),
  }
}

/** The platforms of a build; they name what it is made for and what makes it. */
export interface BuildPlatforms {
  readonly target: Platform
  readonly build: Platform
}

const platformArgNames: readonly string[] = ['TARGET', 'BUILD'].flatMap((prefix) =>
  ['PLATFORM', 'OS', 'ARCH', 'VARIANT', 'OSVERSION'].map((part) => prefix + part),
)

/** The arguments that exist in the global scope without being declared. */
export function platformArgs(platforms: BuildPlatforms, targetStage: string): Map<string, string> {
  const args = new Map<string, string>()
  for (const [prefix, platform] of [
    ['TARGET', platforms.target],
    ['BUILD', platforms.build],
  ] as const) {
    args.set(`${prefix}PLATFORM`, formatPlatform(platform))
    args.set(`${prefix}OS`, platform.os)
    args.set(`${prefix}ARCH`, platform.architecture)
    args.set(`${prefix}VARIANT`, platform.variant ?? '')
    args.set(`${prefix}OSVERSION`, platform['os.version'] ?? '')
  }
  args.set('TARGETSTAGE', targetStage)
  return args
}
