/** The attestations that a build makes. */
export interface AttestationOptions {
  readonly provenance?: ProvenanceOptions | undefined
  readonly sbom?: SbomOptions | undefined
}

/** A list of the packages of the result, in SPDX. */
export interface SbomOptions {
  /** An image that makes it by BuildKit's protocol. Default: the built-in scanner. */
  readonly generator?: string | undefined
  /** An installed program that makes it. */
  readonly program?: 'syft' | undefined
  /** Variables for the image, with `BUILDKIT_SCAN_` before their names. */
  readonly parameters: Readonly<Record<string, string>>
}

/** A description of the build in SLSA's form. */
export interface ProvenanceOptions {
  readonly mode: 'min' | 'max'
  readonly version: 'v1' | 'v0.2'
  readonly builderId?: string | undefined
  /** The name of the file that has it beside the files of a result. */
  readonly filename: string
  /** The user states that the build is reproducible. Then the provenance has no times. */
  readonly isReproducible: boolean
  /** Not written as a file. */
  readonly isInlineOnly: boolean
  /** Refuses a build that used content without a digest. */
  readonly needsMaterials: boolean
}

/** The provenance of `--provenance=true`. */
export const usualProvenance: ProvenanceOptions = {
  mode: 'max',
  version: 'v1',
  filename: 'provenance.json',
  isReproducible: false,
  isInlineOnly: false,
  needsMaterials: false,
}
