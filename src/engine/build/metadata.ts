import { type BuildRun, type Provenance, slsaPredicate } from '#build'
import { parseBoolean } from '#dockerfile/boolean'
import { formatPlatform } from '#oci'
import type { Engine } from '../engine.ts'
import type { BuildWarning } from '../history/build-log.ts'
import { version } from '../host/version.ts'
import type { Delivered } from '../output/deliver.ts'

/** What a metadata file tells beside the image. */
export interface MetadataFacts {
  readonly names: readonly string[]
  /** One for each platform. */
  readonly provenance: readonly Provenance[]
  readonly run: BuildRun
  readonly warnings: readonly BuildWarning[]
  readonly env: Engine['env']
}

/**
 * Formats the file of `--metadata-file`, with Docker's keys in Docker's order. As with buildx,
 * `BUILDX_METADATA_PROVENANCE` chooses the provenance in it, `min` unless given, and
 * `BUILDX_METADATA_WARNINGS` adds the warnings.
 */
export function formatMetadata(delivered: Delivered | undefined, facts: MetadataFacts): string {
  const { names, run, warnings, env } = facts
  const hasWarnings = parseBoolean(env['BUILDX_METADATA_WARNINGS'] ?? '') === true
  const metadata = {
    ...provenanceMembers(facts),
    'buildx.build.ref': `default/default/${run.id}`,
    ...(hasWarnings &&
      warnings.length > 0 && { 'buildx.build.warnings': warnings.map(describeWarning) }),
    ...(delivered !== undefined && imageMembers(delivered, names)),
  }
  return JSON.stringify(metadata, undefined, 2)
}

function imageMembers({ imageId, descriptor }: Delivered, names: readonly string[]): object {
  const { mediaType, digest, size, annotations } = descriptor
  return {
    ...(imageId !== undefined && { 'containerimage.config.digest': imageId }),
    'containerimage.descriptor': {
      mediaType,
      digest,
      size,
      ...(annotations !== undefined && { annotations }),
    },
    'containerimage.digest': digest,
    ...(names.length > 0 && { 'image.name': names.join(',') }),
  }
}

/** The provenance in the older version of SLSA, one for each platform. */
function provenanceMembers({ provenance, run, env }: MetadataFacts): object {
  const asked = env['BUILDX_METADATA_PROVENANCE'] ?? ''
  if (asked === 'disabled' || parseBoolean(asked) === false) return {}
  const mode = asked === 'max' ? 'max' : 'min'
  return Object.fromEntries(
    provenance.map((each) => {
      const suffix = provenance.length > 1 ? `/${formatPlatform(each.platform)}` : ''
      return [`buildx.build.provenance${suffix}`, predicateOf(each, mode, run)]
    }),
  )
}

function predicateOf(provenance: Provenance, mode: 'min' | 'max', run: BuildRun): object {
  const predicate = slsaPredicate(provenance, {
    version: 'v0.2',
    mode,
    isReproducible: false,
    builderVersion: version,
    run,
    layers: provenance.steps.at(-1)?.layers ?? [],
  })
  if (mode === 'max') return predicate
  return Object.fromEntries(Object.entries(predicate).filter(([name]) => name !== 'metadata'))
}

/** The form of BuildKit: texts are in base64. */
function describeWarning({ rule, message }: BuildWarning): object {
  const short = rule === undefined ? message : `${rule}: ${message}`
  return { level: 1, short: Buffer.from(short).toString('base64') }
}
