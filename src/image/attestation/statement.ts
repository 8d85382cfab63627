import { type Digest, digestAlgorithm, digestHex, encodeJson } from '#oci'

/** A claim about an image or files, such as how they were built. */
export interface Attestation {
  /** The URI of the kind of claim. */
  readonly predicateType: string
  /** The claim itself: a value for JSON. */
  readonly predicate: unknown
}

/** What a claim is about. */
export interface Subject {
  /** A package URL, a path, or `_`. */
  readonly name: string
  readonly digest: Readonly<Record<string, string>>
}

export const predicateTypes = { spdx: 'https://spdx.dev/Document' } as const

/** The subject of a claim about content. */
export function subjectOf(name: string, digest: Digest): Subject {
  return { name, digest: { [digestAlgorithm(digest)]: digestHex(digest) } }
}

/**
 * Formats an in-toto statement.
 *
 * @see https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md
 */
export function formatStatement(
  { predicateType, predicate }: Attestation,
  subject: readonly Subject[],
): Uint8Array {
  return encodeJson({ _type: 'https://in-toto.io/Statement/v1', predicateType, subject, predicate })
}
