import { parseBoolean } from '#dockerfile'
import type { ImageConfig } from '#oci'
import { contextFiles } from './contexts.ts'
import { createVertex, mainContext, type RunOp, type Vertex } from './graph.ts'
import type { BindMount } from './mounts.ts'

/** A file system whose packages are listed. */
export interface ScanTarget {
  /** `sbom` for the result, `sbom-` and a name for others. It is the name of the document. */
  readonly name: string
  readonly vertex: Vertex
}

/** A stage that was planned, and the variables that it has. */
export interface ScannedStage {
  readonly name: string
  readonly vertex: Vertex
  lookup(variable: string): string | undefined
}

const [scanContext, scanStage] = ['BUILDKIT_SBOM_SCAN_CONTEXT', 'BUILDKIT_SBOM_SCAN_STAGE'] as const

/** Arguments that choose what is scanned. A RUN does not get them. */
export const scanVariables: readonly string[] = [scanContext, scanStage]

/**
 * Returns the file systems to scan: that of the target, and those that `BUILDKIT_SBOM_SCAN_STAGE`
 * and `BUILDKIT_SBOM_SCAN_CONTEXT` of the stages ask for.
 */
export function scanTargets(
  target: ScannedStage,
  stages: readonly ScannedStage[],
): readonly ScanTarget[] {
  const isAsked = ({ name, lookup }: ScannedStage, variable: string): boolean =>
    isEnabled(lookup(variable), name)
  const others = stages
    .filter((stage) => stage !== target && isAsked(stage, scanStage))
    .map(({ name, vertex }) => ({ name: `sbom-${name}`, vertex }))
  const context = isAsked(target, scanContext) ? [contextTarget()] : []
  return [{ name: 'sbom', vertex: target.vertex }, ...context, ...others]
}

/** The value is a boolean, or a list of stages between commas. */
function isEnabled(value: string | undefined, stage: string): boolean {
  if (value === undefined) return false
  return parseBoolean(value) ?? value.split(',').some((name) => name.trim() === stage)
}

function contextTarget(): ScanTarget {
  const name = '[sbom] load build context'
  return { name: 'sbom-context', vertex: contextFiles(mainContext, '', { name }) }
}

/** An image that lists packages by BuildKit's protocol. */
export interface Scanner {
  readonly image: { readonly reference: string; readonly config: ImageConfig }
  readonly vertex: Vertex
  /** Variables that its command gets, with `BUILDKIT_SCAN_` before their names. */
  readonly parameters: Readonly<Record<string, string>>
}

/** Directories of a scanner, below its root: of its documents, and of its temporary files. */
export const scannerOutput = 'run/out'
const temporary = 'tmp'
const sources = '/run/src'

/**
 * The step that runs a scanner over file systems. It is a RUN whose layer has the documents, so
 * an unchanged file system is not scanned again.
 *
 * @see https://github.com/moby/buildkit/blob/master/docs/attestations/sbom-protocol.md
 */
export function scanStep(
  { image, vertex, parameters }: Scanner,
  targets: readonly ScanTarget[],
): Vertex {
  const { Entrypoint, Cmd, Env, WorkingDir, User } = image.config.config ?? {}
  const argv = [...(Entrypoint ?? []), ...(Cmd ?? [])]
  const [, ...extras] = targets
  const given = {
    BUILDKIT_SCAN_DESTINATION: `/${scannerOutput}/`,
    BUILDKIT_SCAN_SOURCE: `${sources}/core/sbom`,
    ...(extras.length > 0 && { BUILDKIT_SCAN_SOURCE_EXTRAS: `${sources}/extras/` }),
    ...Object.fromEntries(
      Object.entries(parameters).map(([name, value]) => [`BUILDKIT_SCAN_${name}`, value]),
    ),
  }
  const mounts = targets.map(
    ({ name }, at): BindMount => ({
      kind: 'bind',
      input: at + 1,
      source: '',
      target: `${sources}/${at === 0 ? 'core' : 'extras'}/${name}`,
      readOnly: true,
    }),
  )
  const op: RunOp = {
    kind: 'run',
    argv,
    env: [...(Env ?? []), ...Object.entries(given).map(([name, value]) => `${name}=${value}`)],
    cwd: WorkingDir || '/',
    user: User ?? '',
    network: 'default',
    mounts: [...mounts, { kind: 'tmpfs', target: `/${temporary}` }],
  }
  const name = `[sbom] generating sbom using ${image.reference}`
  // The scanner writes into a directory that exists.
  const prepared = createVertex(
    { kind: 'workdir', path: `/${scannerOutput}`, user: User ?? '' },
    [vertex],
    { name: `[sbom] WORKDIR /${scannerOutput}` },
  )
  return createVertex(op, [prepared, ...targets.map((target) => target.vertex)], { name })
}
