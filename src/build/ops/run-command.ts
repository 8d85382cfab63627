import { diffUpper } from '#layer'
import { keepChunk } from '#stream'
import { TarLister } from '#tar'
import { storeLayer } from '../layers/store-layer.ts'
import { ExitError } from '../model/error.ts'
import type { RunOp } from '../model/graph.ts'
import type { FileState, StateLayer } from '../model/state.ts'
import { baseOf, layerRunner, type OpRunner } from '../step/runner.ts'
import type { StepContext } from '../step/workspace.ts'
import { stepEpoch } from '../times/times.ts'
import { type LimitedLog, limitLog } from './log-limit.ts'
import { openStepContainer, type StepContainer } from './run-container.ts'
import { runShell } from './shell.ts'

/**
 * RUN: runs the command in a container above the stage's file system, with the
 * security defaults of `run`. Its changes become the layer.
 */
export const runRunner: OpRunner<RunOp> = layerRunner(runToLayer)

async function runToLayer(
  op: RunOp,
  inputs: readonly FileState[],
  context: StepContext,
): Promise<StateLayer | undefined> {
  const base = baseOf(inputs)
  await using stack = new AsyncDisposableStack()
  const active = stack.use(await context.services.filesystems.prepare(base))
  const container = stack.use(await openStepContainer(op, { active, inputs }, context))
  try {
    await runCommand(op, container, context)
  } catch (error) {
    keepForShell(op, container, { context, stack })
    throw error
  }
  await container[Symbol.asyncDispose]()
  context.signal.throwIfAborted()
  const epoch = stepEpoch(context.facts.times, context.vertex)
  await using lower = await context.services.filesystems.view(base)
  const lister = new TarLister()
  const tar = diffUpper(active.upper, {
    lister,
    lower: lower?.root,
    epoch,
    // The committed file system must equal the layer, times included.
    normalizeTimes: true,
    signal: context.signal,
  })
  const layer = await storeLayer(context, tar, { epoch })
  if (layer === undefined) return undefined
  const { diffId, descriptor } = layer
  const listing = lister.finish(descriptor.size)
  const archive = context.services.store.pathOf(diffId)
  await active.commit({ diffId, tar: archive, listing })
  return layer
}

async function runCommand(
  op: RunOp,
  container: StepContainer,
  context: StepContext,
): Promise<void> {
  const log = (stream: 'stdout' | 'stderr'): LimitedLog =>
    limitLog(context.facts.logLimits, (data) =>
      context.emit({ type: 'log', id: context.vertex.digest, stream, data: keepChunk(data) }),
    )
  const [stdout, stderr] = [log('stdout'), log('stderr')]
  const code = await container.run({
    argv: op.argv,
    streams: { stdout: stdout.write, stderr: stderr.write },
    signal: context.signal,
    onStarting: () => context.deferred.run(),
  })
  const downloads = container.downloads()
  if (code !== 0) {
    stdout.fail()
    stderr.fail()
    throw exitError(op, code, context)
  }
  if (op.network === 'proxy') context.materials.set(context.vertex.digest, downloads)
  container.removeMountPoints()
}

/** Keeps the container of a failed RUN open if the user wants a shell in it. */
function keepForShell(
  op: RunOp,
  container: StepContainer,
  { context, stack }: { readonly context: StepContext; readonly stack: AsyncDisposableStack },
): void {
  const { failed, signal, vertex } = context
  if (failed === undefined || signal.aborted) return
  const held = stack.move()
  failed.push({
    place: 'in',
    name: vertex.name,
    openShell({ onOpen, signal: shellSignal }) {
      onOpen()
      return runShell(container, { op, vertex, signal: shellSignal })
    },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  })
}

function exitError(op: RunOp, code: number, { facts, vertex }: StepContext): ExitError {
  const { source } = facts
  const shown = op.argv.map((word) => (/^[\w./:=@%+,-]+$/.test(word) ? word : JSON.stringify(word)))
  const command = shown.join(' ')
  const text = command.length > 500 ? `${command.slice(0, 500)}…` : command
  const sentence = `Cannot build ${source.name}: the command ${text} exited with code ${code}`
  return new ExitError(sentence, { status: code, argv: op.argv }, source, vertex.range)
}
