import type { InspectDocument } from '#docker/documents/document'
import { imageDocument } from '#docker/documents/image-inspect'
import { inspectDocument } from '#docker/documents/inspect'
import { imageStatements } from '#engine/attest/statements'
import { imageHistory } from '#engine/image/history'
import { inspect as inspectInStore } from '#engine/inspect'
import { parsePlatform } from '#oci'
import type { ApiCall } from '../call.ts'
import { ApiError } from '../failure.ts'
import { reply } from '../reply.ts'
import { imageName } from './find.ts'
import { manifestsOf } from './manifests.ts'
import { readPlatform } from './platforms.ts'
import { imageInVersion } from './versions.ts'

/** `GET /images/{name}/json`. */
export async function inspect(call: ApiCall): Promise<Response> {
  const { engine, query, version } = call
  const name = imageName(call)
  const found = await inspectInStore(engine, name, {
    kind: 'image',
    platform: readPlatform(query.text('platform')),
  })
  const document = inspectDocument(found).document as InspectDocument
  const manifests = query.flag('manifests') ? { Manifests: await manifestsOf(engine, name) } : {}
  return reply({ ...imageInVersion(document, version), ...manifests })
}

/** `GET /images/{name}/history`. */
export async function history(call: ApiCall): Promise<Response> {
  const name = imageName(call)
  const platform = readPlatform(call.query.text('platform'))
  const entries = await imageHistory(call.engine, name, { platform })
  const found = await inspectInStore(call.engine, name, { kind: 'image' })
  const tags = found.kind === 'image' ? imageDocument(found.image).RepoTags : []
  return reply(
    entries.map(({ imageId, created, createdBy, comment, size }) => ({
      Id: imageId ?? '<missing>',
      Created: Math.floor((created?.getTime() ?? 0) / 1000),
      CreatedBy: createdBy,
      Tags: imageId === undefined || tags.length === 0 ? null : tags,
      Size: size,
      Comment: comment,
    })),
  )
}

/** `GET /images/{name}/attestations`. */
export async function attestations(call: ApiCall): Promise<Response> {
  const { engine, query, version } = call
  if (version < 55) {
    throw new ApiError(400, 'GET /images/{name:.*}/attestations requires minimum API version 1.55')
  }
  const name = imageName(call)
  const platforms = query.texts('platform').filter((text) => text !== '')
  if (platforms.length > 1) {
    throw new ApiError(400, 'only one platform value is currently supported')
  }
  const platform = readPlatform(platforms[0])
  const statements = await imageStatements(engine, name, {
    platform: platform === undefined ? undefined : parsePlatform(platform),
    types: query.texts('type').flatMap((type) => type.trim() || []),
    isWhole: query.flag('statement'),
  })
  return reply(
    statements.map(({ descriptor, predicateType, statement }) => ({
      Descriptor: descriptor,
      PredicateType: predicateType,
      ...(statement !== undefined && { Statement: statement }),
    })),
  )
}
