import { cpuCount } from '#platform'
import { silent } from '#stream'
import type { Vertex } from './model/graph.ts'
import { withPlaces } from './open-definition.ts'
import { openWorkspace } from './open-workspace.ts'
import { openStepContainer } from './ops/run-container.ts'
import { runShell } from './ops/shell.ts'
import type { BuildOptions } from './options.ts'
import type { ShellPlace } from './shell-place.ts'
import { solvePlans } from './solve/solve-plans.ts'

export interface BuildShellOptions extends BuildOptions {
  readonly shellAt: ShellPlace
  /** Called with the last step that is done, before the shell starts. */
  readonly onOpen?: ((last: Pick<Vertex, 'name'>) => void) | undefined
}

/**
 * Builds the steps of a stage until `shellAt` and runs a shell on their result, with the terminal
 * of this process. Returns the exit code of the shell. What the shell changes is dropped.
 */
export async function openBuildShell(options: BuildShellOptions): Promise<number> {
  const { emit = silent, signal = new AbortController().signal, concurrency = cpuCount() } = options
  await using lease = await options.services.records.leases.acquire({ purpose: 'build' })
  return await withPlaces(options.services, async (places) => {
    using opened = await openWorkspace(options, { places, lease, isPrediction: false })
    const { plans, workspace } = opened
    const [plan] = plans
    if (plan?.target.op.kind !== 'run') throw new RangeError('The plan of a shell ends with a RUN')
    const { target: vertex } = plan
    const { op } = plan.target
    const wanted = vertex.inputs.map((target) => ({ ...plan, target }))
    const { states } = await solvePlans(wanted, workspace, { concurrency, emit, signal })
    workspace.deferred.run()
    const inputs = vertex.inputs.map(({ digest }) => {
      const state = states.get(digest)
      if (state === undefined) throw new RangeError(`Vertex ${digest} has no state`)
      return state
    })
    const [base] = inputs
    if (base === undefined) throw new RangeError('A RUN has a file system')
    await using active = await workspace.services.filesystems.prepare(base)
    const context = { ...workspace, vertex, signal }
    await using container = await openStepContainer(op, { active, inputs }, context)
    options.onOpen?.(vertex.inputs[0] ?? vertex)
    return await runShell(container, { op, vertex, signal })
  })
}
