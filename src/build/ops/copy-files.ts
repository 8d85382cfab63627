import { StrakeError } from '#oci'
import { collectMemory } from '#platform'
import { giveWay } from '#stream'
import { contextNamed } from '../files/build-context.ts'
import { type Selection, selectSources } from '../files/select-sources.ts'
import { openTree } from '../files/tree.ts'
import { type CopiedFiles, draftFiles } from '../layers/draft-files.ts'
import { emptyTree } from '../layers/empty-tree.ts'
import { hashContextFiles, hashOwnFiles } from '../layers/files-hash.ts'
import { madeDirectoryMode, parseModeChange } from '../layers/mode.ts'
import { clampedTimes, fixedTimes, type PackOptions } from '../layers/pack.ts'
import { type LaidOut, layOutSlowly } from '../layers/placement.ts'
import type { CopyFields, CopyOp } from '../model/graph.ts'
import type { LayerDraft } from '../model/layer-draft.ts'
import type { FileState } from '../model/state.ts'
import { type CacheKey, createKey } from '../step/key.ts'
import { baseOf, inputAt, type OpRunner } from '../step/runner.ts'
import type { StepContext } from '../step/workspace.ts'
import { stepEpoch, timesKey } from '../times/times.ts'
import { findOwner } from './owner.ts'

/**
 * COPY. From a stage or image, the definition key is enough for most rebuilds, and
 * nothing is mounted. From the context, and after a stage ran again, the key is the
 * hash of the files used.
 */
export const copyRunner: OpRunner<CopyOp> = {
  definitionKey(op, inputs, context) {
    if ('context' in op.from) return undefined
    return createKey({
      ...operationParts(op, inputs, context),
      source: inputAt(inputs, op.from.input).chainId ?? 'scratch',
    })
  },

  async prepare(op, inputs, context) {
    await using stack = new AsyncDisposableStack()
    const { files, selections } = await openSource(op, inputs, context, stack)
    const draftCopy = async (): Promise<LayerDraft | undefined> => {
      const { entries, owner } = await placeInBase(selections, op, inputs, context)
      await giveWay(context.signal)
      isLarge = entries.length > manyEntries
      const epoch = stepEpoch(context.facts.times, context.vertex)
      const options = packOptions(op, owner, { epoch, isContext: 'context' in op.from, context })
      return draftFiles(files, entries, { ...options, epoch, isAdditive: !op.link }, context)
    }
    let early: LayerDraft | undefined
    let isLarge = false
    stack.defer(async () => await early?.[Symbol.asyncDispose]())
    const takeDraft = (): LayerDraft | undefined => {
      const taken = early
      early = undefined
      return taken
    }
    const readAll = async (): Promise<void> => {
      early = await draftCopy()
    }
    const found =
      files.digests === undefined
        ? await hashOwnFiles(files.tree, selections, context.signal)
        : await hashContextFiles(files, selections, {
            context,
            readAll: context.facts.isPrediction ? undefined : readAll,
          })
    const keyOf = (hash: string): CacheKey =>
      createKey({ ...operationParts(op, inputs, context), files: hash })
    const taken = stack.move()
    return {
      key: keyOf(found.hash),
      summarize: found.summarize,
      takeDraft,
      async run() {
        await using draft = takeDraft() ?? (await draftCopy())
        return { layer: await draft?.commit(), key: keyOf(await found.proved()) }
      },
      async [Symbol.asyncDispose]() {
        await taken.disposeAsync()
        // The next step may need much memory too.
        if (!isLarge) return
        await giveWay()
        collectMemory()
      },
    }
  },
}

/** After a layer larger than this, unused memory is about as large as used memory. */
const manyEntries = 10_000

/** Emits the number of bytes of a step's layer that have been read. */
export function reportReading({ emit, vertex }: StepContext): (bytes: number) => void {
  return (current) => emit({ type: 'transfer', id: vertex.digest, action: 'read', current })
}

/** The parts of every key of COPY and ADD beside the files. */
export function operationParts(
  op: CopyFields,
  inputs: readonly FileState[],
  { facts }: StepContext,
): CacheKey['parts'] {
  return {
    operation: JSON.stringify(op),
    // With --link the layer does not depend on the layers below.
    parent: op.link ? 'link' : (baseOf(inputs).chainId ?? 'scratch'),
    times: timesKey(facts.times),
  }
}

interface OpenSource {
  readonly files: CopiedFiles
  readonly selections: readonly Selection[]
}

async function openSource(
  op: CopyOp,
  inputs: readonly FileState[],
  context: StepContext,
  stack: AsyncDisposableStack,
): Promise<OpenSource> {
  const { facts, contexts, services, vertex } = context
  if ('context' in op.from) {
    const selections = facts.sources.get(vertex.digest) ?? []
    return { files: contextNamed(contexts, op.from.context), selections }
  }
  const view = await services.filesystems.view(inputAt(inputs, op.from.input))
  if (view === undefined) {
    throw new StrakeError('NOT_FOUND', 'Cannot copy from scratch: it has no files')
  }
  stack.use(view)
  const tree = stack.use(openTree(view.root, { name: 'that stage', hasOwners: true }))
  const options = { exclude: op.exclude, parents: op.parents }
  return { files: { tree }, selections: selectSources(tree, op.sources, options) }
}

/** Places the files above the stage, and looks up the owner of `--chown`. */
export async function placeInBase(
  selections: readonly Selection[],
  op: CopyFields,
  inputs: readonly FileState[],
  context: StepContext,
): Promise<LaidOut & { readonly owner: PackOptions['owner'] }> {
  const base = baseOf(inputs)
  const { chown } = op
  const owner =
    chown === undefined
      ? undefined
      : await findOwner(
          { spec: chown, purpose: `copy with --chown=${chown}` },
          base,
          context.services,
        )
  const options = { ...op, signal: context.signal }
  if (op.link) return { ...(await layOutSlowly(emptyTree, selections, options)), owner }
  await using below = await context.services.filesystems.lookup(base)
  return { ...(await layOutSlowly(below, selections, options)), owner }
}

export function packOptions(
  op: CopyFields,
  owner: PackOptions['owner'],
  origin: {
    readonly epoch: number | undefined
    /** The times of context files are those of a checkout, so they are not used. */
    readonly isContext: boolean
    readonly context: StepContext
  },
): PackOptions {
  const { epoch, isContext, context } = origin
  const isFixed = isContext && epoch !== undefined && context.facts.times.kind === 'fixed'
  return {
    owner,
    mode: op.chmod === undefined ? undefined : parseModeChange(op.chmod),
    madeMode: op.chmod === undefined ? undefined : madeDirectoryMode(op.chmod),
    times: isFixed ? fixedTimes(epoch) : clampedTimes(epoch),
  }
}
