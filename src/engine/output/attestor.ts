import type { Attestation, Image } from '#image'

/** A claim about a result, and the file that has it beside the files of the result. */
export interface BuildAttestation extends Attestation {
  readonly filename: string
  /** Not written as a file. */
  readonly isInlineOnly: boolean
}

/** Makes the attestations of the image at an index. `image` is in the form that is written. */
export type Attestor = (at: number, image: Image) => Promise<readonly BuildAttestation[]>
