import { readDocument } from '#content'
import { readStored, type StoredStatement, statementsAbout } from '#image'
import type { Platform } from '#oci'
import { hostPlatform } from '#platform'
import type { Engine } from '../engine.ts'
import { getImage, getImageFor } from '../image/find-image.ts'

export interface StatementOptions {
  /** Default: this machine. */
  readonly platform?: Platform | undefined
  /** Only statements of these types; none means all that have a type. */
  readonly types?: readonly string[]
  /** Whether the statements are read too. */
  readonly isWhole?: boolean
}

/** A statement about an image, and its JSON if it was asked for. */
export interface ImageStatement extends StoredStatement {
  readonly statement?: unknown
}

/**
 * Returns the statements of the attestations of an image in the store; none for an image that is in
 * no index. Signatures are not verified. Throws `NOT_FOUND` for an absent image or platform, and
 * `INVALID` for a statement that cannot be read.
 */
export async function imageStatements(
  engine: Engine,
  name: string,
  { platform = hostPlatform(), types = [], isWhole = false }: StatementOptions = {},
): Promise<readonly ImageStatement[]> {
  const { content, records } = engine
  if (getImage(records, name).index === undefined) return []
  const { index, image } = getImageFor(records, name, platform, 'list the attestations of')
  if (index === undefined) return []
  const { parsed } = await readDocument(content, index.descriptor)
  if (parsed.kind !== 'index') return []
  const about = { manifests: parsed.index.manifests, image: image.digest }
  const found: ImageStatement[] = []
  for await (const one of statementsAbout(content, about)) {
    if (one.predicateType === '') continue
    if (types.length > 0 && !types.includes(one.predicateType)) continue
    found.push(isWhole ? { ...one, statement: await readStored(content, one.descriptor) } : one)
  }
  return found
}
