import {
  type BaseImage,
  type BuildOptions,
  type Checked,
  checkBuild,
  type ImageResolver,
  listTargets,
  type Outlined,
  outlineBuild,
  type ResolveOptions,
  type Targets,
} from '#build'
import { rememberDocuments } from '#content'
import { openImage } from '#image'
import { parseReference } from '#oci'
import { openLayoutImage } from '../base/layout-base.ts'
import { absentOffline, pinned } from '../base/resolve-base.ts'
import { cleanAfterBuilds } from '../begin-work.ts'
import { buildServices } from '../build-services/build-services.ts'
import type { Engine } from '../engine.ts'
import { findImage, suitsPlatform } from '../image/find-image.ts'
import { buildOptions } from './build-options.ts'
import type { BuildRequest } from './request.ts'

export type { Checked, Outlined, Parameter, Targets } from '#build'

/** Checks a Dockerfile without running a step. Layers of base images are not pulled. */
export async function check(engine: Engine, request: BuildRequest): Promise<Checked> {
  return await checkBuild(await inspectionOptions(engine, request))
}

/** Lists the parameters of a target. Throws `DockerfileError`. */
export async function outline(engine: Engine, request: BuildRequest): Promise<Outlined> {
  return await outlineBuild(await inspectionOptions(engine, request))
}

/** Lists the stages of a Dockerfile. Throws `DockerfileError`. */
export async function targets(engine: Engine, request: BuildRequest): Promise<Targets> {
  return await listTargets(await inspectionOptions(engine, request))
}

async function inspectionOptions(engine: Engine, request: BuildRequest): Promise<BuildOptions> {
  await cleanAfterBuilds(engine)
  const services = {
    ...(await buildServices(engine)),
    resolveImage: lookAtBase(engine),
  }
  return await buildOptions(engine, request, { services, agents: new Map() })
}

/**
 * Returns a function that reads manifest and configuration of a base image from the store, a layout, or
 * its registry. With `trustsOwn`, no registry is asked for newer versions of images that only the store has.
 */
export function lookAtBase(
  engine: Engine,
  { trustsOwn = false }: { readonly trustsOwn?: boolean } = {},
): ImageResolver {
  return (reference, { pull, ...options }) => {
    const isAsked = pull && !(trustsOwn && isOwn(engine, reference, options))
    return look(engine, reference, { ...options, pull: isAsked })
  }
}

/** True for an image whose repository was never pulled from or pushed to: it was built, loaded or imported. */
function isOwn(
  { records }: Engine,
  text: string,
  { platform }: Pick<ResolveOptions, 'platform'>,
): boolean {
  if (findImage(records, text, platform) === undefined) return false
  const { registry, repository } = parseReference(text)
  const known = `${registry}/${repository}@`
  return !records.tags.list().some(({ name }) => name.startsWith(known))
}

async function look(
  engine: Engine,
  text: string,
  { layout, ...options }: ResolveOptions,
): Promise<BaseImage> {
  if (layout !== undefined) return (await openLayoutImage(layout, options)).image
  const { platform, pull, digest, emit, signal } = options
  const found = findImage(engine.records, digest ?? text, platform)
  const isUsable = found !== undefined && suitsPlatform(found, platform)
  if (isUsable && (!pull || found.name === undefined)) return engine.openImage(found.image)
  if (options.isOffline) throw absentOffline(text)
  const reference = parseReference(pinned(text, digest))
  const registry = await engine.registry(reference.registry, emit)
  const repository = registry.repository(reference.repository)
  const root = await repository.resolve(reference.digest ?? reference.tag ?? 'latest', signal)
  return await openImage(rememberDocuments(repository), root, platform, signal)
}
