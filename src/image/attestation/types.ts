import type { Platform } from '#oci'

/** The media type of an in-toto statement. */
export const statementType = 'application/vnd.in-toto+json'

/** The type of a manifest that has attestations of an image. */
export const artifactType = 'application/vnd.docker.attestation.manifest.v1+json'

/** The most bytes of one statement, as in BuildKit. */
export const largestStatement: number = 80 * 2 ** 20

/** The names of annotations, and a value of one. */
export const annotations = {
  /** An annotation of the descriptor of an attestation manifest. */
  kind: 'vnd.docker.reference.type',
  attestation: 'attestation-manifest',
  /** An annotation of the descriptor of a statement. */
  predicateType: 'in-toto.io/predicate-type',
} as const

/** The platform of what cannot be run. */
export const unknownPlatform: Platform = { architecture: 'unknown', os: 'unknown' }
