import { contentType, weighConditions } from '#http'
import {
  type Descriptor,
  type Digest,
  digestAlgorithm,
  documentType,
  type Index,
  isDigest,
  isIndexType,
  isManifestType,
  isStrakeError,
  isTag,
  limits,
  type Manifest,
  parseManifestOrIndex,
  StrakeError,
} from '#oci'
import { createHasher, fromBuffer, fromBuffers, mapConcurrently, steady, toBuffer } from '#stream'
import { checkTag, type Endpoint, formatEndpoint } from '../endpoints.ts'
import type { Repository } from '../registry.ts'
import { checkDeletable, replyFailedCondition } from './blobs.ts'
import type { Context } from './context.ts'
import { openRepository } from './open-repository.ts'
import { quotaWarning } from './quota-warning.ts'
import { reply, replyError } from './reply.ts'
import { readSound } from './sound.ts'
import { meaningOf, moveTag } from './tags/move-tag.ts'

type ManifestEndpoint = Extract<Endpoint, { kind: 'manifest' }>

export async function getManifest(
  context: Context,
  request: Request,
  endpoint: ManifestEndpoint,
): Promise<Response> {
  checkReadable(endpoint)
  const { reference } = endpoint
  const repository = context.registry.repository(endpoint.repository)
  // A request with conditions may need no bytes, and HEAD never does.
  const isPlain = request.method === 'GET' && !hasConditions(request)
  if (isPlain) {
    const { descriptor, raw } = await readSound(
      () => repository.readManifest(reference, request.signal),
      () => repository.resolve(reference),
    )
    notePull(context, endpoint, descriptor.digest)
    return reply(200, manifestHeaders(descriptor), raw)
  }
  const target = await repository.resolve(reference, request.signal)
  const headers = manifestHeaders(target)
  const verdict = weighConditions(request, headers.ETag)
  if (verdict === 'not-modified') return reply(304, { ...headers, 'Content-Length': undefined })
  if (verdict === 'failed') return replyFailedCondition(reference)
  if (request.method === 'HEAD') return reply(200, headers)
  const found = await readSound(
    () => repository.readManifest(target.digest, request.signal),
    () => repository.resolve(target.digest),
  )
  notePull(context, endpoint, target.digest)
  return reply(200, headers, found.raw)
}

function notePull({ options }: Context, endpoint: ManifestEndpoint, digest: Digest): void {
  const { repository, reference } = endpoint
  const tag = isDigest(reference) ? undefined : reference
  const { now = Date.now } = options
  options.onPull?.({ repository, digest, tag, at: now() })
}

function manifestHeaders({ mediaType, size, digest }: Descriptor) {
  return {
    'Content-Type': mediaType,
    'Content-Length': String(size),
    'Docker-Content-Digest': digest,
    ETag: `"${digest}"`,
  }
}

function hasConditions({ headers }: Request): boolean {
  return headers.has('If-Match') || headers.has('If-None-Match')
}

export async function putManifest(
  context: Context,
  request: Request,
  endpoint: ManifestEndpoint,
): Promise<Response> {
  const { repository: name, reference, tags = [] } = endpoint
  if (!isDigest(reference)) checkTag(reference)
  const repository = openRepository(context, name, context.grant.name)
  const raw = await readBody(request)
  if (raw === undefined) return replyError(tooLarge(), 413)
  if (!(await isWanted(repository, reference, request))) return replyFailedCondition(reference)
  const digest = digestOf(raw, reference)
  const content = { raw, digest, type: contentType(request) }
  const { target, subject } = isOpaque(content)
    ? await keepOpaque(repository, content)
    : await keepChecked(context, repository, content)
  const names = isDigest(reference) ? tags : [reference, ...tags]
  for (const tag of names) await moveTag(context, repository, { tag, target })
  return reply(201, {
    Location: formatEndpoint({ kind: 'manifest', repository: name, reference: digest }),
    'Docker-Content-Digest': digest,
    'OCI-Subject': subject?.digest,
    'OCI-Tag': tags.length === 0 ? undefined : tags.join(', '),
    Warning: await quotaWarning(context, name),
  })
}

/** Checks the conditions of a change against the current manifest of the reference. */
async function isWanted(
  repository: Repository,
  reference: string,
  request: Request,
): Promise<boolean> {
  if (!hasConditions(request)) return true
  const current = await meaningOf(repository, reference, request.signal)
  return weighConditions(request, current && `"${current.digest}"`) === 'proceed'
}

/** Throws `MANIFEST_UNKNOWN` for a reference that cannot be a tag. */
function checkReadable({ repository, reference }: ManifestEndpoint): void {
  if (isDigest(reference) || isTag(reference)) return
  throw new StrakeError(
    'MANIFEST_UNKNOWN',
    `Cannot find ${repository}:${reference.slice(0, 80)}: manifest unknown`,
  )
}

interface PushedContent {
  readonly raw: Uint8Array<ArrayBuffer>
  readonly digest: Digest
  /** The media type that the client sent. */
  readonly type: string | undefined
}

interface Kept {
  readonly target: Descriptor
  readonly subject?: Descriptor | undefined
}

async function keepChecked(
  { options }: Context,
  repository: Repository,
  { raw, digest, type }: PushedContent,
): Promise<Kept> {
  const parsed = parseManifestOrIndex(raw, type)
  const isSparse = options.sparse === true
  if (parsed.kind === 'manifest') await checkBlobs(repository, parsed.manifest, isSparse)
  else await checkManifests(repository, parsed.index, isSparse)
  const target = { mediaType: documentType(parsed), digest, size: raw.byteLength }
  await repository.write(target, fromBuffer(raw))
  const { subject } = parsed.kind === 'manifest' ? parsed.manifest : parsed.index
  return { target, subject }
}

async function keepOpaque(
  repository: Repository,
  { raw, digest, type = '' }: PushedContent & { readonly type: string },
): Promise<Kept> {
  const target = { mediaType: type, digest, size: raw.byteLength }
  await repository.writeOpaqueManifest(target, fromBuffer(raw))
  return { target }
}

/**
 * Returns true for a manifest of an unknown kind, which is stored unchanged. Returns false
 * for a document with the media type or the members of a known kind, because a client that
 * trusts the bytes would read an unchecked image.
 */
function isOpaque(content: PushedContent): content is PushedContent & { readonly type: string } {
  const { raw, type } = content
  if (type === undefined || isManifestType(type) || isIndexType(type)) return false
  return isMediaType(type) && !looksLikeManifest(raw, type)
}

/** Returns true for `type/subtype` in the grammar of RFC 6838, section 4.2. */
function isMediaType(text: string): boolean {
  return text.length <= 255 && /^[a-z0-9][\w!#$&^.+-]*\/[a-z0-9][\w!#$&^.+-]*$/.test(text)
}

function looksLikeManifest(raw: Uint8Array, type: string): boolean {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder().decode(raw))
  } catch {
    return false
  }
  if (typeof value !== 'object' || value === null) return false
  return Object.entries(value).some(([name, member]) => {
    const folded = name.toLowerCase()
    if (folded === 'mediatype') return name !== 'mediaType' || member !== type
    return ['config', 'layers', 'manifests', 'fslayers'].includes(folded)
  })
}

/** Deletes a manifest and all its tags by digest, or only a tag by its name. */
export async function deleteManifest(
  context: Context,
  request: Request,
  endpoint: ManifestEndpoint,
): Promise<Response> {
  checkDeletable(context)
  checkReadable(endpoint)
  const { reference } = endpoint
  const repository = openRepository(context, endpoint.repository, context.grant.name)
  const target = await repository.resolve(reference, request.signal)
  const verdict = weighConditions(request, `"${target.digest}"`)
  if (verdict !== 'proceed') return replyFailedCondition(reference)
  if (isDigest(reference)) await repository.delete(target)
  else await repository.untag(reference)
  return reply(202, { 'Docker-Content-Digest': target.digest })
}

async function readBody(request: Request): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (Number(request.headers.get('Content-Length') ?? 0) > limits.manifestSize) return undefined
  try {
    return await toBuffer(steady(request.body ?? fromBuffers([])), limits.manifestSize)
  } catch (error) {
    if (isStrakeError(error, 'SIZE_INVALID')) return undefined
    throw error
  }
}

function tooLarge(): StrakeError {
  return new StrakeError(
    'SIZE_INVALID',
    `Cannot accept the manifest: it has more than ${limits.manifestSize} bytes`,
  )
}

function digestOf(raw: Uint8Array, reference: string): Digest {
  const wanted = isDigest(reference) ? reference : undefined
  const hasher = createHasher(wanted === undefined ? 'sha256' : digestAlgorithm(wanted))
  hasher.update(raw)
  const digest = hasher.digest()
  if (wanted === undefined || wanted === digest) return digest
  throw new StrakeError('DIGEST_INVALID', `Cannot accept ${wanted}: the manifest is ${digest}`)
}

async function checkBlobs(
  repository: Repository,
  manifest: Manifest,
  isSparse: boolean,
): Promise<void> {
  const own = [manifest.config, ...manifest.layers.filter((layer) => !isForeign(layer))]
  await checkAll(own, isSparse, async (wanted) => {
    const found = await repository.resolveBlob(wanted.digest)
    if (found.size === wanted.size) return
    throw new StrakeError(
      'MANIFEST_INVALID',
      `Cannot accept the manifest: ${wanted.digest} has ${found.size} bytes, not ${wanted.size}`,
    )
  })
}

async function checkManifests(
  repository: Repository,
  index: Index,
  isSparse: boolean,
): Promise<void> {
  await checkAll(index.manifests, isSparse, async (wanted) => {
    const isDocument = isManifestType(wanted.mediaType) || isIndexType(wanted.mediaType)
    if (isDocument) await repository.resolve(wanted.digest)
    else await repository.resolveBlob(wanted.digest)
  })
}

/** Runs `check` for each descriptor. With `isSparse`, unknown content is accepted. */
async function checkAll(
  descriptors: readonly Descriptor[],
  isSparse: boolean,
  check: (wanted: Descriptor) => Promise<void>,
): Promise<void> {
  const distinct = new Map(descriptors.map((each) => [`${each.digest} ${each.size}`, each]))
  await mapConcurrently([...distinct.values()], 8, async (wanted) => {
    try {
      await check(wanted)
    } catch (cause) {
      if (!isStrakeError(cause, 'BLOB_UNKNOWN', 'MANIFEST_UNKNOWN', 'NAME_UNKNOWN')) throw cause
      if (isSparse) return
      throw new StrakeError(
        'MANIFEST_BLOB_UNKNOWN',
        `Cannot accept the manifest: ${wanted.digest} is not in the repository`,
        { cause },
      )
    }
  })
}

/** Returns true for a layer that clients fetch from its own URLs. It may be absent. */
function isForeign(layer: Descriptor): boolean {
  return /\bforeign\b|\bnondistributable\b/.test(layer.mediaType) && (layer.urls ?? []).length > 0
}
