import { type BuildResult, build as buildImage, isRemoteContext, lockOf } from '#build'
import { parseBoolean } from '#dockerfile/boolean'
import { openImage } from '#image'
import { type Descriptor, type Digest, type ImageName, parseImageName, StrakeError } from '#oci'
import { silent } from '#stream'
import { writeTextFile } from '../archive/output-file.ts'
import { createAttestor } from '../attest/attestor.ts'
import { cleanAfterBuilds } from '../begin-work.ts'
import { buildServices, layoutLease } from '../build-services/build-services.ts'
import { cacheMountsOf } from '../build-services/cache-mounts.ts'
import { type CacheImport, inlineExport } from '../cache/cache-options.ts'
import type { BuildCaches } from '../cache/caches.ts'
import type { Engine } from '../engine.ts'
import { type BuildRecorder, startRecord } from '../history/recorder.ts'
import { lockFileToWrite, writeLockFile } from '../lock/lock-file.ts'
import type { BuildOutput } from '../output/build-output.ts'
import { checkOutputs, deliver } from '../output/deliver.ts'
import { inputPlaces } from '../output/input-places.ts'
import { prepareResultFile } from '../output/result-file.ts'
import { findAgents } from './agents.ts'
import { buildOptions } from './build-options.ts'
import { cacheLimits, limitCache } from './limit-cache.ts'
import { formatMetadata } from './metadata.ts'
import type { BuildRequest } from './request.ts'

export { isRemoteContext, type NamedContext, readBuildInput } from '#build'
export type { AgentSource } from './agents.ts'
export type { BuildRequest } from './request.ts'
export type { SecretSource } from './secrets.ts'

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
    await limitCache(engine)
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
  // Throws for a wrong STRAKE_BUILD_CACHE, before the build begins.
  cacheLimits(engine.env, 0)
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
  const lockFile =
    request.lock?.mode === 'write' ? await lockFileToWrite(request, isRemoteContext) : undefined
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
    forBuildkit: caches?.forBuildkit,
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
  if (lockFile !== undefined) await writeLockFile(request, lockFile, lockOf(result.provenance))
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
