import { parseAttestations } from '#docker/build/attestations'
import { parseCacheFrom, parseCacheTo } from '#docker/build/caches'
import { parseBuildContexts } from '#docker/build/contexts'
import { parseBuildNetwork, parsePlatforms, parseTimestamp } from '#docker/build/request'
import { parseAgent, parseSecret } from '#docker/build/secrets'
import { parseImageLabels } from '#docker/flags/label-flags'
import { parseOutput, withPush } from '#docker/outputs/build-output'
import { type BuildRequest, readBuildInput } from '#engine/build/build'
import { StrakeError } from '#oci'
import { isPassedDescriptor, isSystemError, openStreamFile, useStreamFile } from '#platform'
import { type PodmanBuildOptions, readPodmanOptions } from '../arguments/build/podman-options.ts'
import { type BuildProofOptions, readBuildProofOptions } from '../arguments/build/proof-options.ts'
import { type BuildRunOptions, readBuildRunOptions } from '../arguments/build-run-options.ts'
import { parseAssignments } from '../arguments/values.ts'

/** The options of `build`, as the parser returns them. */
export interface BuildCommandOptions
  extends BuildRunOptions,
    BuildProofOptions,
    PodmanBuildOptions {
  readonly buildArg?: readonly string[]
  readonly attest?: readonly string[]
  readonly buildContext?: readonly string[]
  readonly cache: boolean
  readonly cacheFrom?: readonly string[]
  readonly cacheTo?: readonly string[]
  readonly call?: string
  readonly check?: true
  readonly diff?: true
  readonly fix?: true
  readonly debugOnFailure?: true
  readonly print?: true
  readonly downloads: 'any' | 'public'
  readonly file?: string
  readonly iidfile?: string
  readonly label?: readonly string[]
  readonly metadataFile?: string
  readonly load?: true
  readonly network?: string
  readonly output?: readonly string[]
  readonly platform?: readonly string[]
  readonly progress: 'auto' | 'tty' | 'plain' | 'quiet' | 'none' | 'rawjson'
  readonly provenance?: string
  readonly push?: true
  readonly quiet?: true
  readonly sbom?: string
  readonly secret?: readonly string[]
  readonly shell?: string
  readonly ssh?: readonly string[]
  readonly tag?: readonly string[]
  readonly target?: string
  readonly timestamp?: string
}

/** Converts the options, and reads standard input. Throws `INVALID`, which names the first invalid one. */
export async function readRequest(
  directory: string | undefined,
  options: BuildCommandOptions,
  signal: AbortSignal,
): Promise<BuildRequest> {
  const { network, timestamp } = options
  const podman = await readPodmanOptions(options, process.env)
  const buildArgs = new Map([
    ...podman.buildArgs,
    ...parseAssignments(options.buildArg, process.env),
  ])
  const labels = parseImageLabels(options.label ?? [])
  return {
    ...(await readSources(directory, options, signal)),
    network: readNetwork(network, options.proxyNetwork),
    timestamp: timestamp === undefined ? undefined : parseTimestamp(timestamp),
    names: [...(options.tag ?? []), ...podman.names],
    buildArgs,
    attestations: parseAttestations({ ...options, buildArgs }),
    ...readBuildRunOptions(options),
    ...readBuildProofOptions(options),
    contexts: parseBuildContexts(options.buildContext ?? []),
    labels,
    ...podman.request,
    secrets: (options.secret ?? []).map(parseSecret),
    agents: (options.ssh ?? []).map(parseAgent),
    downloads: options.downloads,
    noCache: !options.cache,
    cacheFrom: (options.cacheFrom ?? []).flatMap(parseCacheFrom),
    cacheTo: (options.cacheTo ?? []).flatMap(parseCacheTo),
    target: options.target,
    platforms: readPlatforms(options.platform ?? [], podman.platforms),
    outputs: podman.form(
      withPush((options.output ?? []).map(parseOutput), {
        push: options.push === true,
        load: options.load === true,
      }),
    ),
    imageIdFile: options.iidfile,
    metadataFile: options.metadataFile,
  }
}

function readPlatforms(
  texts: readonly string[],
  parts: readonly string[],
): BuildRequest['platforms'] {
  if (texts.length > 0 && parts.length > 0) {
    throw refuse('--platform and --os, --arch or --variant exclude each other')
  }
  return parsePlatforms([...texts, ...parts])
}

function readNetwork(
  network: string | undefined,
  usesProxy: true | undefined,
): BuildRequest['network'] {
  const mode = network === undefined ? undefined : parseBuildNetwork(network)
  if (usesProxy === undefined) return mode
  if (mode === undefined || mode === 'proxy') return 'proxy'
  throw refuse(`--proxy-network and --network ${network} exclude each other`)
}

/**
 * Standard input is the Dockerfile with `-f -`. In place of a directory it may also be an archive.
 * The shell passes the Dockerfile as a pipe with `-f <(command)`.
 */
async function readSources(
  directory: string | undefined,
  options: Pick<BuildCommandOptions, 'file' | 'verify'>,
  signal: AbortSignal,
): Promise<Pick<BuildRequest, 'context' | 'dockerfile'>> {
  const { verify } = options
  const file = options.file === '/dev/stdin' ? '-' : options.file
  if (directory === undefined) {
    // The provenance of the image may name the context.
    if (verify !== undefined && file !== '-') return { dockerfile: file }
    throw new StrakeError('INVALID', 'Cannot build: the context is missing', {
      remedy: 'name a directory or URL, such as . for the directory you are in',
    })
  }
  if (file !== undefined && isPassedDescriptor(file)) {
    const { context } = await readSources(directory, {}, signal)
    if (context === undefined) throw refuse(`both standard input and ${file} are the Dockerfile`)
    return { context, dockerfile: await readPassedFile(file, signal) }
  }
  if (file !== '-' && directory !== '-') return { context: directory, dockerfile: file }
  if (file === directory) {
    throw refuse('standard input cannot be both the Dockerfile and the context')
  }
  const input = await readBuildInput(useStreamFile(standardInput, signal).read())
  if ('archive' in input) {
    if (file !== '-') return { context: input, dockerfile: file }
    throw refuse('standard input is an archive, not a Dockerfile')
  }
  if (directory !== '-') return { context: directory, dockerfile: input }
  if (file === undefined) return { dockerfile: input }
  throw refuse(`both standard input and ${file} are the Dockerfile`)
}

const standardInput = 0

async function readPassedFile(
  path: string,
  signal: AbortSignal,
): Promise<{ readonly text: string }> {
  try {
    using file = await openStreamFile(path, 'r', signal)
    const input = await readBuildInput(file.read(), path)
    if ('text' in input) return input
  } catch (cause) {
    if (!isSystemError(cause)) throw cause
    throw new StrakeError('NOT_FOUND', `Cannot read ${path}: it cannot be opened`, { cause })
  }
  throw refuse(`${path} is an archive, not a Dockerfile`)
}

function refuse(reason: string): StrakeError {
  return new StrakeError('INVALID', `Cannot build: ${reason}`)
}
