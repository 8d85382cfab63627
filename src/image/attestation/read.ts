import { type ContentSource, readDocument } from '#content'
import {
  type Descriptor,
  type Digest,
  isStrakeError,
  parseJson,
  StrakeError,
  subjectAnnotation,
} from '#oci'
import { toBuffer } from '#stream'
import { annotations, largestStatement, statementType } from './types.ts'

/** A statement of an attestation, as it was read. */
export interface ReadAttestation {
  readonly predicateType: string
  /** A value of JSON. */
  readonly predicate: unknown
}

/** The most bytes of all statements about one image. */
const largestTogether = 256 * 2 ** 20

/** A statement in an envelope with signatures, which are not verified. */
const signedType = /^application\/vnd\.in-toto(?:\.[a-z]+)?\+dsse$/

/**
 * Reads the statements about one image of an index whose types pass `wanted`, in the order of the
 * index. Signatures are not verified. Throws `INVALID` for a statement that cannot be read.
 */
export async function readAttestations(
  source: ContentSource,
  about: AttestedImage,
  wanted: (predicateType: string) => boolean = () => true,
): Promise<readonly ReadAttestation[]> {
  const found: ReadAttestation[] = []
  let size = 0
  for await (const { descriptor, predicateType } of statementsAbout(source, about)) {
    if (!isStatement(descriptor) || !wanted(predicateType)) continue
    size += descriptor.size
    if (descriptor.size > largestStatement || size > largestTogether) {
      throw refuse(descriptor, 'it is too large')
    }
    found.push(await readStatement(source, descriptor))
  }
  return found
}

/** A statement of an attestation, unread. */
export interface StoredStatement {
  readonly descriptor: Descriptor
  /** Empty where the manifest does not say it. */
  readonly predicateType: string
}

/** An image of an index, whose manifests are listed. */
export interface AttestedImage {
  readonly manifests: readonly Descriptor[]
  readonly image: Digest
}

/** Yields the statements about one image of an index, in the order of the index, without reading them. */
export async function* statementsAbout(
  source: ContentSource,
  { manifests, image }: AttestedImage,
): AsyncGenerator<StoredStatement> {
  for (const child of manifests) {
    if (child.annotations?.[subjectAnnotation] !== image) continue
    const { parsed } = await readDocument(source, child)
    if (parsed.kind !== 'manifest') continue
    for (const descriptor of parsed.manifest.layers) {
      yield { descriptor, predicateType: descriptor.annotations?.[annotations.predicateType] ?? '' }
    }
  }
}

/** Reads a statement as it is stored, for a client. Throws `INVALID` for one that is too large. */
export async function readStored(source: ContentSource, descriptor: Descriptor): Promise<unknown> {
  if (descriptor.size > largestStatement) throw refuse(descriptor, 'it is too large')
  return parse(descriptor, await toBuffer(source.read(descriptor), descriptor.size))
}

function isStatement({ mediaType: type }: Descriptor): boolean {
  return type === statementType || signedType.test(type)
}

async function readStatement(source: ContentSource, layer: Descriptor): Promise<ReadAttestation> {
  const raw = await toBuffer(source.read(layer), layer.size)
  const outer = parse(layer, raw)
  const statement =
    layer.mediaType === statementType ? outer : parse(layer, payloadOf(layer, outer))
  const { predicateType, predicate } = statement
  if (typeof predicateType !== 'string') throw refuse(layer, 'it has no type')
  return { predicateType, predicate }
}

function parse(layer: Descriptor, raw: Uint8Array): Readonly<Record<string, unknown>> {
  try {
    const value = parseJson(raw, 'it')
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value }
  } catch (cause) {
    if (!isStrakeError(cause)) throw cause
    throw refuse(layer, cause.message.replace(/^Cannot read it: /, ''))
  }
  throw refuse(layer, 'it is no object')
}

/** The statement in an envelope of DSSE. */
function payloadOf(layer: Descriptor, { payload }: Readonly<Record<string, unknown>>): Uint8Array {
  if (typeof payload !== 'string') throw refuse(layer, 'its envelope has no payload')
  return Buffer.from(payload, 'base64')
}

function refuse({ digest }: Descriptor, reason: string): StrakeError {
  return new StrakeError('INVALID', `Cannot read the attestation ${digest}: ${reason}`)
}
