import { formatPlatform, type Platform } from '#oci'

/** Looks a variable up; `undefined` when it is not set. */
export type Lookup = (name: string) => string | undefined

/** The values of `--build-arg`, and which of them were not used. */
export interface BuildArgs {
  get(name: string): string | undefined
  /** Gives `name` another value. */
  set(name: string, value: string): void
  /** Marks `name` as used. */
  declare(name: string): void
  /** The sorted names that no ARG and no predefined argument used. */
  unused(): string[]
}

/** Arguments that need no ARG. They are not in history and keys unless an ARG declares them. */
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

/** The proxy settings of the build arguments for RUN, with each name in upper and lower case. */
export function proxyEnvironment(values: Readonly<Record<string, string>>): string[] {
  return proxyArgs.flatMap((name) => {
    const isUpper = name === name.toUpperCase()
    const value = values[name] ?? values[isUpper ? name.toLowerCase() : name.toUpperCase()]
    return value === undefined || value === '' ? [] : [`${name}=${value}`]
  })
}

/** Arguments that the builder itself reads. */
const builtinArgs: readonly string[] = [
  'BUILDKIT_BUILD_NAME',
  'BUILDKIT_CACHE_MOUNT_NS',
  'BUILDKIT_CONTEXT_KEEP_GIT_DIR',
  'BUILDKIT_DOCKERFILE_CHECK',
  'BUILDKIT_GIT_ADVICE',
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
    set: (name, value) => void given.set(name, value),
    declare: (name) => void used.add(name),
    unused: () => [...given.keys()].filter((name) => !used.has(name)).sort(),
  }
}

/** The platforms of a build: of the image, and of the machine that builds it. */
export interface BuildPlatforms {
  readonly target: Platform
  readonly build: Platform
}

const platformArgNames: readonly string[] = ['TARGET', 'BUILD'].flatMap((prefix) =>
  ['PLATFORM', 'OS', 'ARCH', 'VARIANT', 'OSVERSION'].map((part) => prefix + part),
)

/** The arguments that the global scope has without ARG. */
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
