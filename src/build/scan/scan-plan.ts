import type { Digest } from '#oci'
import type { Vertex } from '../model/graph.ts'
import type { ScanTarget } from '../model/scans.ts'
import type { FileState } from '../model/state.ts'
import type { StepServices } from '../step/workspace.ts'
import { describeScan, readScans, type Sbom } from './read-scans.ts'
import { runSyft } from './run-syft.ts'
import { scanTree } from './scan-tree.ts'

export type { Sbom } from './read-scans.ts'

/** The parts of a plan that say what is scanned. */
export interface PlannedScans {
  readonly target: Vertex
  readonly scans: readonly ScanTarget[]
  readonly scanner?: Vertex | undefined
}

/** Every vertex whose state a build needs: that of the image, and those of its scans. */
export function verticesOf({ target, scans, scanner }: PlannedScans): readonly Vertex[] {
  return [target, ...scans.map(({ vertex }) => vertex), ...(scanner === undefined ? [] : [scanner])]
}

export interface ScanContext {
  readonly states: ReadonlyMap<Digest, FileState>
  readonly services: Pick<StepServices, 'filesystems' | 'store'>
  /** Seconds since 1970. */
  readonly created: number
  /** The version of this program. */
  readonly version: string
  /** The path of an installed syft. Default: the built-in scanner. */
  readonly program?: string | undefined
  readonly signal?: AbortSignal | undefined
}

/** Returns the documents about the packages of one image, that of its result first. */
export async function scanPlan(
  { scans, scanner }: PlannedScans,
  context: ScanContext,
): Promise<readonly Sbom[]> {
  const { services, signal } = context
  if (scanner === undefined) {
    return await Array.fromAsync(scans, (target) => scanTarget(target, context))
  }
  const layer = stateOf(scanner, context).layers.at(-1)
  if (layer === undefined) throw new RangeError('The scanner has made no layer')
  return await readScans(services.store.read(layer.descriptor, { signal }))
}

async function scanTarget({ name, vertex }: ScanTarget, context: ScanContext): Promise<Sbom> {
  const { services, created, version, program, signal } = context
  await using view = await services.filesystems.view(stateOf(vertex, context))
  if (program !== undefined && view !== undefined) {
    const options = { program, name, created, signal }
    return { filename: `${name}.spdx.json`, document: await runSyft(view.root, options) }
  }
  const scan =
    view === undefined ? { packages: [], skipped: [] } : await scanTree(view.root, signal)
  return describeScan(name, scan, { created, version })
}

function stateOf({ digest }: Vertex, { states }: ScanContext): FileState {
  const state = states.get(digest)
  if (state === undefined) throw new RangeError(`Vertex ${digest} was not solved`)
  return state
}
