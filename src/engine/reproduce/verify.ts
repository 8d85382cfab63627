import { build as buildImage } from '#build'
import { compareImages, type ImageDifference, openImage } from '#image'
import { type Digest, StrakeError } from '#oci'
import { cleanAfterBuilds } from '../begin-work.ts'
import { findAgents } from '../build/agents.ts'
import { buildOptions } from '../build/build-options.ts'
import type { BuildRequest } from '../build/request.ts'
import { buildServices } from '../build-services/build-services.ts'
import type { Engine } from '../engine.ts'
import { holdImage } from '../image/hold-image.ts'
import type { RecordedBuild } from './recorded-build.ts'

export type { ImageDifference } from '#image'

/** A request for building an image again. The outputs and names of the request are not used. */
export interface VerifyRequest extends BuildRequest {
  /** The name or ID of an image in the store. */
  readonly image: string
  /** What the provenance of the image says. Its versions are used unless the request has a lock. */
  readonly recorded?: RecordedBuild | undefined
}

/** The comparison of an image with what its sources make now. */
export interface Verified {
  readonly image: string
  /** The image ID. */
  readonly before: Digest
  /** The image ID of the image that was built. It is not kept. */
  readonly after: Digest
  /** Where the versions of bases and downloads are from; `present` when nothing fixes them. */
  readonly versions: 'provenance' | 'lock' | 'present'
  /** False when the Dockerfile is not the one in the provenance. */
  readonly hasSameDockerfile: boolean
  /** Empty when both images are the same. */
  readonly differences: readonly ImageDifference[]
}

/**
 * Builds an image again, every step of it, and compares it with the image in the store. From an
 * index it takes the image for the platform of the request. Throws as `build` does.
 */
export async function verify(engine: Engine, request: VerifyRequest): Promise<Verified> {
  const { image, platforms = [], recorded, signal } = request
  const [platform, ...others] = platforms
  if (others.length > 0) {
    throw new StrakeError('INVALID', 'Cannot verify an image for several platforms at once', {
      remedy: 'name one of them with --platform',
    })
  }
  await cleanAfterBuilds(engine)
  await using lease = await engine.records.leases.acquire({ purpose: `verify ${image}` })
  const { opened } = await holdImage(engine, image, lease, platform)
  const services = await buildServices(engine, lease)
  await using found = await findAgents(request.agents ?? [], engine)
  const wanted = { ...request, platforms: [platform ?? platformOf(opened)], noCache: true }
  const options = await buildOptions(engine, wanted, { services, agents: found.agents })
  const lock = options.lock ?? recorded?.lock
  const result = await buildImage({ ...options, lock })
  await using _held = result.lease
  const rebuilt = await openImage(engine.content, result.descriptor, undefined, signal)
  const differences = await compareImages(engine.content, opened, rebuilt, signal)
  const text = result.provenance[0]?.dockerfile.text
  return {
    image,
    before: opened.imageId,
    after: rebuilt.imageId,
    versions: lock === undefined ? 'present' : lock.isOfProvenance ? 'provenance' : 'lock',
    hasSameDockerfile: recorded?.text === undefined || recorded.text === text,
    differences,
  }
}

function platformOf({
  config: { os, architecture, variant },
}: Awaited<ReturnType<typeof openImage>>): { os: string; architecture: string; variant?: string } {
  return { os, architecture, ...(variant !== undefined && { variant }) }
}
