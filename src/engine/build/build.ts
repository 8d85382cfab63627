import { stat } from 'node:fs/promises'
import {
  type BuildAnnotation,
  type BuildOptions,
  type BuildResult,
  build as buildImage,
  type ContextArchive,
  type DockerfileText,
  type FailedStep,
  type Grant,
  isRemoteContext,
  type NamedContext,
  type ReceivedContext,
  type RunLimits,
  type RunSettings,
} from '#build'
import { parseBoolean } from '#dockerfile/boolean'
import { openImage } from '#image'
import {
  type Descriptor,
  type Digest,
  type ImageName,
  type Platform,
  parseImageName,
  StrakeError,
} from '#oci'
import { type Emit, silent } from '#stream'
import { writeTextFile } from '../archive/output-file.ts'
import { createAttestor } from '../attest/attestor.ts'
import type { AttestationOptions } from '../attest/options.ts'
import { sbomRequest } from '../attest/sbom-request.ts'
import { cleanAfterBuilds } from '../begin-work.ts'
import { buildServices, layoutLease } from '../build-services/build-services.ts'
import { cacheMountsOf } from '../build-services/cache-mounts.ts'
import { type CacheExport, type CacheImport, inlineExport } from '../cache/cache-options.ts'
import type { BuildCaches } from '../cache/caches.ts'
import type { Engine } from '../engine.ts'
import { type BuildRecorder, startRecord } from '../history/recorder.ts'
import { type LockRequest, lockFileOf, readLockFile, writeLockFile } from '../lock/lock-file.ts'
import type { BuildOutput } from '../output/build-output.ts'
import { checkOutputs, deliver } from '../output/deliver.ts'
import { inputPlaces } from '../output/input-places.ts'
import { type AgentSource, type Agents, findAgents } from './agents.ts'
import { formatMetadata } from './metadata.ts'
import { prepareResultFile } from './result-file.ts'
import { readSecrets, type SecretSource } from './secrets.ts'
import { readSourcePolicy } from './source-policy.ts'

export { isRemoteContext, type NamedContext, readBuildInput } from '#build'
export type { AgentSource } from './agents.ts'
export type { SecretSource } from './secrets.ts'

/** A request for `build`. */
export interface BuildRequest {
  /** The ID of the record of the build. Default: a new one. */
  readonly id?: string | undefined
  /**
   * The directory or archive with the files of the build, or the URL of a repository, an
   * archive or a Dockerfile. Default: no files.
   */
  readonly context?: string | ContextArchive | ReceivedContext | undefined
  /** Replacements for stages and images, by name. */
  readonly contexts?: ReadonlyMap<string, NamedContext> | undefined
  readonly names?: readonly string[] | undefined
  /** Path of the Dockerfile, or its text. Default: `Dockerfile` of the context. */
  readonly dockerfile?: string | DockerfileText | undefined
  readonly target?: string | undefined
  readonly buildArgs?: ReadonlyMap<string, string> | undefined
  readonly labels?: ReadonlyMap<string, string> | undefined
  readonly noCache?: boolean | undefined
  /** Caches that are read. Those of other machines come after the store's own. */
  readonly cacheFrom?: readonly CacheImport[] | undefined
  /** Caches that are written after the build. */
  readonly cacheTo?: readonly CacheExport[] | undefined
  /** Names of stages whose steps run again. */
  readonly noCacheStages?: readonly string[] | undefined
  /** Permissions that RUN of the Dockerfile may use. */
  readonly allow?: readonly Grant[] | undefined
  readonly runSettings?: RunSettings | undefined
  readonly runLimits?: RunLimits | undefined
  readonly annotations?: readonly BuildAnnotation[] | undefined
  /** Claims about the result that are stored with it. Default: none. */
  readonly attestations?: AttestationOptions | undefined
  /** The file of BuildKit's source policy. Default: `EXPERIMENTAL_BUILDKIT_SOURCE_POLICY`. */
  readonly sourcePolicyFile?: string | undefined
  readonly lock?: LockRequest | undefined
  /** Uses the store alone: no registry, no web server, and no network in RUN. */
  readonly offline?: boolean | undefined
  readonly pull?: boolean | undefined
  /** The build makes an image for each, and an index for several. Default: this machine. */
  readonly platforms?: readonly Platform[] | undefined
  /**
   * The network of RUN; `default` is the bridge of containers, and `proxy` only a proxy that
   * records what commands download.
   */
  readonly network?: 'default' | 'none' | 'host' | 'proxy' | undefined
  /** Where ADD may download from: `any` unless given. */
  readonly downloads?: 'any' | 'public' | undefined
  readonly secrets?: readonly SecretSource[] | undefined
  readonly agents?: readonly AgentSource[] | undefined
  /** Where the result is written. Default: the image is stored under its names. */
  readonly outputs?: readonly BuildOutput[] | undefined
  readonly imageIdFile?: string | undefined
  /** A file for the metadata of the build: Docker's JSON document. */
  readonly metadataFile?: string | undefined
  /** The time of files and image; a number is seconds since 1970. Default: a reproducible time. */
  readonly timestamp?: 'now' | number | undefined
  readonly explain?: boolean | undefined
  /** Opens a shell in the container of a RUN that fails, with the terminal of this process. */
  readonly debugOnFailure?: boolean | undefined
  /** Called before a shell opens in a step, or after it: the shell needs the whole terminal. */
  readonly onShell?: ((place: FailedStep['place'] | 'after', name: string) => void) | undefined
  readonly emit?: Emit | undefined
  readonly signal?: AbortSignal | undefined
}

export interface Built {
  /** The image ID, or the digest of the index in the store. */
  readonly imageId: Digest
  /** The digest of the manifest or index; of a pushed image, that in the registry. */
  readonly digest: Digest
  /** The manifest or index with this digest. Absent when no output made an image. */
  readonly descriptor?: Descriptor | undefined
  /** Canonical. */
  readonly names: readonly string[]
  /**
   * False when no output made an image: `image` is then the one for the first platform, and
   * is not kept.
   */
  readonly hasImage: boolean
  /** The names that were pushed, with the digests in their registries. */
  readonly pushed: readonly { readonly name: string; readonly digest: Digest }[]
  /** The lock file that was written. */
  readonly lockFile?: string | undefined
}

/** Builds an image and names it. Throws `DockerfileError`, `ExitError`, and `INVALID` for bad options. */
export async function build(engine: Engine, request: BuildRequest): Promise<Built> {
  const recorder = startRecord(engine, request)
  try {
    const { provenance, ...built } = await buildRecorded(engine, request, recorder)
    await recorder.finish(built, provenance)
    return built
  } catch (error) {
    await recorder.fail(error, request.signal)
    throw error
  }
}

/** A build that is recorded while it runs. */
async function buildRecorded(
  engine: Engine,
  asked: BuildRequest,
  recorder: BuildRecorder,
): Promise<Built & Pick<BuildResult, 'provenance'>> {
  const request = { ...asked, emit: recorder.emit }
  const names = (request.names ?? []).map(parseImageName)
  const { timestamp, emit, signal } = request
  const { imageIdFile, metadataFile, outputs = [stored] } = request
  const { attestations = {} } = request
  const run = { id: recorder.id, startedOn: recorder.startedAt }
  const isAttested = Object.values(attestations).some((each) => each !== undefined)
  const forcesIndex = parseBoolean(request.buildArgs?.get(multiPlatform) ?? '') === true
  checkOutputs(outputs, {
    names,
    isIndex: forcesIndex || isAttested || (request.platforms ?? []).length > 1,
    isAttested,
    hasMetadata: metadataFile !== undefined,
    kept: inputPlaces(request),
    store: engine.root,
    keepsTimes: timestamp === 'now',
    annotations: request.annotations,
  })
  if (imageIdFile !== undefined) refuseWithoutImage(outputs)
  if (imageIdFile !== undefined) await prepareResultFile(imageIdFile, 'the image ID')
  if (metadataFile !== undefined) await prepareResultFile(metadataFile, 'the metadata')
  const lockFile = request.lock?.mode === 'write' ? lockFileOf(request, isRemoteContext) : undefined
  await cleanAfterBuilds(engine)
  await using layouts = await layoutLease(engine, request)
  const services = await buildServices(engine, layouts, importsOf(request).length > 0)
  await using found = await findAgents(request.agents ?? [], engine)
  await using caches = await cachesOf(engine, request)
  const options = await buildOptions(engine, request, { services, agents: found.agents })
  recorder.hide(options.secrets?.values() ?? [])
  const result = await buildImage({
    ...options,
    cacheSources: caches?.sources,
    onStep: caches?.onStep,
    inlineCache: caches?.isInline,
    keepsResult: outputs.some(({ kind }) => kind !== 'cacheonly'),
  })
  await using _lease = result.lease
  const images = await Array.fromAsync(result.images, ({ descriptor }) =>
    openImage(engine.content, descriptor),
  )
  const finished = { ...run, finishedOn: new Date() }
  const delivered = await deliver(engine, images, outputs, {
    names,
    attestor: createAttestor(attestations, { ...result, run: finished }),
    annotations: request.annotations,
    forcesIndex,
    emit,
    signal,
  })
  await caches?.finish(result)
  const { digest } = delivered?.descriptor ?? result.descriptor
  const imageId =
    delivered === undefined ? result.imageId : (delivered.imageId ?? delivered.storedDigest)
  if (lockFile !== undefined) await writeLockFile(lockFile, result.provenance)
  if (imageIdFile !== undefined) await writeTextFile(imageIdFile, imageId)
  const given = namesOf(outputs, names)
  const { provenance } = result
  if (metadataFile !== undefined) {
    const described = { names: given, provenance, run: finished, env: engine.env }
    const warnings = recorder.warnings()
    await writeTextFile(metadataFile, formatMetadata(delivered, { ...described, warnings }))
  }
  const { descriptor, pushed = [] } = delivered ?? {}
  const hasImage = delivered !== undefined
  return { imageId, digest, descriptor, names: given, hasImage, pushed, lockFile, provenance }
}

/** Opens the caches of a build, if it has any. The code for them is loaded only then. */
async function cachesOf(engine: Engine, request: BuildRequest): Promise<BuildCaches | undefined> {
  const { cacheTo = [], buildArgs, emit = silent, signal } = request
  const isInline = parseBoolean(buildArgs?.get('BUILDKIT_INLINE_CACHE') ?? '') === true
  const exports = isInline ? [...cacheTo, inlineExport] : cacheTo
  const imports = importsOf(request)
  if (imports.length === 0 && exports.length === 0) return undefined
  const isElsewhere = exports.some(({ kind }) => kind !== 'local' && kind !== 'inline')
  if (request.offline === true && isElsewhere) {
    const message = 'Cannot write a cache to another machine: the build is offline'
    throw new StrakeError('INVALID', message, { remedy: 'write it with --cache-to type=local' })
  }
  const { openCaches } = await import('../cache/caches.ts')
  const cacheMounts = cacheMountsOf(engine)
  return await openCaches(engine, { imports, exports, cacheMounts, emit, signal })
}

/** The caches to read. A build that is offline reads directories only. */
function importsOf({ cacheFrom = [], noCache, offline }: BuildRequest): readonly CacheImport[] {
  if (noCache === true) return []
  return offline === true ? cacheFrom.filter(({ kind }) => kind === 'local') : cacheFrom
}

/** Returns the options of a build. Reads its secrets. Throws `INVALID`. */
export async function buildOptions(
  engine: Engine,
  request: BuildRequest,
  { services, agents }: Pick<BuildOptions, 'services'> & Pick<Agents, 'agents'>,
): Promise<BuildOptions> {
  const { context, dockerfile, network, timestamp, emit, signal } = request
  return {
    services,
    context,
    contexts: await checkContexts(request.contexts),
    dockerfile,
    target: request.target,
    platforms: request.platforms,
    network,
    // `--network host` is the permission for every RUN to use the network of the host.
    allow: [...(request.allow ?? []), ...(network === 'host' ? ['network.host' as const] : [])],
    runSettings: request.runSettings,
    runLimits: request.runLimits,
    logLimits: readLogLimits(engine.env),
    sbom: sbomRequest(request.attestations?.sbom, engine.env),
    noCacheStages: request.noCacheStages,
    annotations: request.annotations,
    lock:
      request.lock?.mode === 'check'
        ? await readLockFile(lockFileOf(request, isRemoteContext))
        : undefined,
    offline: request.offline,
    sourcePolicy: await readSourcePolicy(request.sourcePolicyFile, engine.env),
    timestamp: timestamp === 'now' ? timestamp : undefined,
    epoch: typeof timestamp === 'number' ? timestamp : undefined,
    buildArgs: withEpoch(request.buildArgs, engine.env),
    downloads: request.downloads,
    secrets: await readSecrets(request.secrets ?? [], engine.env, signal),
    agents,
    labels: Object.fromEntries(request.labels ?? []),
    noCache: request.noCache === true,
    pull: request.pull === true,
    explain: request.explain === true,
    onFailedStep: request.debugOnFailure ? (step) => inspectFailure(step, request) : undefined,
    emit,
    signal,
  }
}

/** Opens a shell in a failed step. The build fails with the error of the step, whatever happens here. */
async function inspectFailure(
  step: FailedStep,
  { emit, onShell, signal }: BuildRequest,
): Promise<void> {
  try {
    await step.openShell({ onOpen: () => onShell?.(step.place, step.name), signal })
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    emit?.({ type: 'warning', message })
  }
}

/** Reads the variables of BuildKit for the output of steps. Ignores what is not a number. */
export function readLogLimits(env: Engine['env']): BuildOptions['logLimits'] {
  const read = (name: string): number | undefined => {
    const text = env[name] ?? ''
    return /^-?\d{1,10}$/.test(text) ? Number(text) : undefined
  }
  const size = read('BUILDKIT_STEP_LOG_MAX_SIZE')
  const speed = read('BUILDKIT_STEP_LOG_MAX_SPEED')
  return { ...(size !== undefined && { size }), ...(speed !== undefined && { speed }) }
}

/** BuildKit's build argument that makes an index also for one platform. */
const multiPlatform = 'BUILDKIT_MULTI_PLATFORM'

/** The output of a build that names none. */
const stored: BuildOutput = { kind: 'image', push: false, byDigest: false, form: {} }

function refuseWithoutImage(outputs: readonly BuildOutput[]): void {
  if (outputs.some((output) => 'form' in output)) return
  throw new StrakeError('INVALID', 'Cannot write the image ID: no output makes an image', {
    remedy: 'add --output type=image, or leave --iidfile out',
  })
}

/** The names that outputs gave to images, each once. */
function namesOf(
  outputs: readonly BuildOutput[],
  names: readonly ImageName[],
): readonly ImageName[] {
  const given = outputs.flatMap((output) => ('form' in output ? (output.names ?? names) : []))
  return [...new Set(given)]
}

/** Refuses directories that are absent, also those that no instruction uses. */
async function checkContexts(
  contexts: BuildRequest['contexts'],
): Promise<ReadonlyMap<string, NamedContext>> {
  for (const [name, context] of contexts ?? []) {
    if (context.kind !== 'directory' && context.kind !== 'layout') continue
    const status = await stat(context.path).catch(() => undefined)
    if (status?.isDirectory() === true) continue
    const reason = `${context.path} is not a directory`
    throw new StrakeError('NOT_FOUND', `Cannot use the build context ${name}: ${reason}`)
  }
  return contexts ?? new Map()
}

/** Adds SOURCE_DATE_EPOCH of the environment. A build argument of that name wins. */
function withEpoch(
  buildArgs: ReadonlyMap<string, string> | undefined,
  env: Engine['env'],
): Readonly<Record<string, string>> {
  const epoch = env['SOURCE_DATE_EPOCH']
  return {
    ...(epoch ? { SOURCE_DATE_EPOCH: epoch } : {}),
    ...Object.fromEntries(buildArgs ?? []),
  }
}
