import { type BuildResult, type BuildRun, type Provenance, slsaPredicate, slsaTypes } from '#build'
import { predicateTypes } from '#image'
import { StrakeError } from '#oci'
import { version } from '../host/version.ts'
import type { Attestor, BuildAttestation } from '../output/attestor.ts'
import type { AttestationOptions, ProvenanceOptions } from './options.ts'

/** What a build reports about its images, and when it ran. */
export interface Attested extends Pick<BuildResult, 'provenance' | 'sboms'> {
  readonly run: BuildRun
}

/**
 * Returns the function that makes the attestations of a build, or `undefined` when none are
 * asked for. Throws `INVALID` when the build lacks what they need.
 */
export function createAttestor(
  { provenance: options, sbom }: AttestationOptions,
  { provenance, sboms, run }: Attested,
): Attestor | undefined {
  if (options === undefined && sbom === undefined) return undefined
  if (options?.needsMaterials) for (const each of provenance) checkMaterials(each)
  return async (at, { layers }) => {
    const own = provenance[at]
    if (own === undefined) throw new RangeError(`There is no provenance of image ${at}`)
    const documents = (sboms[at] ?? []).map(
      ({ filename, document }): BuildAttestation => ({
        predicateType: predicateTypes.spdx,
        predicate: document,
        filename,
        isInlineOnly: false,
      }),
    )
    // As with BuildKit, the provenance is the last layer.
    if (options === undefined) return documents
    return [...documents, provenanceOf(own, options, { run, layers })]
  }
}

function provenanceOf(
  provenance: Provenance,
  { filename, isInlineOnly, ...options }: ProvenanceOptions,
  image: Pick<Parameters<typeof slsaPredicate>[1], 'run' | 'layers'>,
): BuildAttestation {
  return {
    predicateType: slsaTypes[options.version],
    predicate: slsaPredicate(provenance, { ...options, ...image, builderVersion: version }),
    filename,
    isInlineOnly,
  }
}

function checkMaterials({ locals }: Provenance): void {
  if (locals.length === 0) return
  const reason = `these files of this machine have no digest: ${locals.join(', ')}`
  throw new StrakeError('INVALID', `Cannot attest complete materials: ${reason}`, {
    remedy: 'build from a git repository, or leave complete-materials out',
  })
}
