import { printableName, writeTar } from '#tar'
import { clampedTimes, type EntryFiles, fixedTimes, packEntries } from '../layers/pack.ts'
import { layOutDirectory } from '../layers/placement.ts'
import { storeLayer } from '../layers/store-layer.ts'
import type { WorkdirOp } from '../model/graph.ts'
import type { FileState, StateLayer } from '../model/state.ts'
import { baseOf, layerRunner, type OpRunner } from '../step/runner.ts'
import type { StepContext } from '../step/workspace.ts'
import { stepEpoch } from '../times/times.ts'
import { findOwner, root } from './owner.ts'

/** Makes the missing parts of the working directory, with mode 0755 and the user as owner. */
export const workdirRunner: OpRunner<WorkdirOp> = layerRunner((op, inputs, context) =>
  makeDirectory(op, baseOf(inputs), context),
)

async function makeDirectory(
  op: WorkdirOp,
  base: FileState,
  context: StepContext,
): Promise<StateLayer | undefined> {
  await using below = await context.services.filesystems.lookup(base)
  const entries = layOutDirectory(below, op.path)
  if (entries.length === 0) return undefined
  const request = { spec: op.user, purpose: `make ${printableName(op.path)}`, inEmptyImage: root }
  const owner = await findOwner(request, base, context.services)
  const epoch = stepEpoch(context.facts.times, context.vertex)
  const times = epoch === undefined ? clampedTimes(undefined) : fixedTimes(epoch)
  const tar = writeTar(packEntries(noFiles, entries, { owner, times }))
  return storeLayer(context, tar, { epoch, isAdditive: true })
}

function noFile(): never {
  throw new RangeError('WORKDIR copies no file')
}

const noFiles: EntryFiles = { treeOf: noFile, read: noFile }
