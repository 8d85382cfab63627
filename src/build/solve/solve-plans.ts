import { type Digest, formatPlatform } from '#oci'
import type { RemoteBlob } from '../cache/pending-layers.ts'
import { inDependencyOrder } from '../model/graph.ts'
import type { FileState, StateLayer } from '../model/state.ts'
import type { Plan } from '../plan/plan.ts'
import { verticesOf } from '../scan/scan-plan.ts'
import { rememberResult } from '../step/step-cache.ts'
import type { StepTrace, Workspace } from '../step/workspace.ts'
import { type SolveOptions, solve } from './solve.ts'
import { createStepRunner } from './steps.ts'

/** The result of a step, and the platforms that need it in Docker's format. */
export interface SolvedStep extends StepTrace {
  readonly platforms: readonly string[]
}

export interface Solved {
  readonly states: ReadonlyMap<Digest, FileState>
  readonly steps: readonly SolvedStep[]
}

export interface SolvePlansOptions extends Omit<SolveOptions, 'runsAgain'> {
  /** Called with the result of every step while others run. It may be called again for a step. */
  readonly onStep?: StepListener | undefined
  /** False when the layers of the targets need not be in the store. */
  readonly keepsResult?: boolean | undefined
}

export type StepListener = (
  step: SolvedStep,
  remoteBlob: (layer: StateLayer) => RemoteBlob | undefined,
) => void

/**
 * Runs the plans and makes sure that the layers of their targets are in the store. If a cache of
 * another machine turns out to be unusable, a warning says so, and the build continues without it.
 */
export async function solvePlans(
  plans: readonly Plan[],
  workspace: Workspace,
  options: SolvePlansOptions,
): Promise<Solved> {
  const { pending } = workspace.services
  for (;;) {
    try {
      return await attempt(plans, workspace, options)
    } catch (error) {
      const loss = pending.takeLoss()
      if (loss === undefined || options.signal?.aborted === true) throw error
      if (loss === '') continue
      const message = `The build continues without a cache that could not be used: ${loss}`
      workspace.emit({ type: 'warning', message })
    }
  }
}

async function attempt(
  plans: readonly Plan[],
  workspace: Workspace,
  options: SolvePlansOptions,
): Promise<Solved> {
  const { pending } = workspace.services
  const platforms = platformsByVertex(plans)
  const steps = new Map<Digest, SolvedStep>()
  const targets = plans.flatMap(verticesOf)
  const run = await createStepRunner(
    {
      ...workspace,
      onResult({ digest }, trace) {
        const needing = platforms.get(digest)
        // A scan is no step of an image, and caches for other machines do not have it.
        if (needing === undefined) return
        const step = { ...trace, platforms: needing }
        steps.set(digest, step)
        options.onStep?.(step, (layer) => pending.remoteBlob(layer))
      },
    },
    plans[0]?.images ?? new Map(),
  )
  const states = await solve(targets, run, { ...options, runsAgain: () => pending.hasLoss })
  if (options.keepsResult === false) return { states, steps: [...steps.values()] }
  await pending.fetch(targets.flatMap(({ digest }) => states.get(digest)?.layers ?? []))
  rememberFetched([...steps.values()], workspace)
  return { states, steps: [...steps.values()] }
}

function platformsByVertex(plans: readonly Plan[]): ReadonlyMap<Digest, readonly string[]> {
  const found = new Map<Digest, string[]>()
  for (const { target, platform } of plans) {
    for (const { digest } of inDependencyOrder(target)) {
      found.set(digest, [...(found.get(digest) ?? []), formatPlatform(platform)])
    }
  }
  return found
}

/** Later builds of this store find the results that were fetched. */
function rememberFetched(steps: readonly StepTrace[], { services }: Workspace): void {
  const isFetched = (layer: StateLayer | null): layer is StateLayer =>
    layer !== null && services.pending.isFetched(layer)
  for (const { keys, layer } of steps) {
    if (!isFetched(layer)) continue
    const content = keys.at(-1)
    for (const hash of keys) {
      rememberResult(
        services,
        { hash },
        layer,
        content === undefined ? {} : { content: { hash: content } },
      )
    }
  }
}
