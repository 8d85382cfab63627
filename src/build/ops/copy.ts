import { StrakeError } from '#oci'
import { collectMemory } from '#platform'
import { type Selection, selectSources } from '../files/select-sources.ts'
import { type FileTree, openTree } from '../files/tree.ts'
import { draftFiles } from '../layers/draft-files.ts'
import { emptyTree } from '../layers/empty-tree.ts'
import { hashContextFiles, hashOwnFiles } from '../layers/files-hash.ts'
import { madeDirectoryMode, parseModeChange } from '../layers/mode.ts'
import { clampedTimes, fixedTimes, type PackOptions } from '../layers/pack.ts'
import { layOut } from '../layers/placement.ts'
import type { LayerDraft } from '../layers/store-layer.ts'
import type { CopyFields, CopyOp } from '../model/graph.ts'
import type { FileState } from '../model/state.ts'
import { type CacheKey, createKey } from '../step/key.ts'
import { baseOf, type OpRunner } from '../step/runner.ts'
import type { StepContext } from '../step/workspace.ts'
import { stepEpoch, timesKey } from '../times/times.ts'
import { findOwner } from './owner.ts'

/**
 * COPY. From a stage or image the definition key settles most rebuilds without
 * mounting anything; from the context, and when a stage was built anew, the key
 * is the content of the files that are used.
 */
export const copyRunner: OpRunner<CopyOp> = {
  definitionKey(op, inputs, context) {
    const source = inputs[1]
    if (op.from === 'context' || source === undefined) return undefined
    return createKey({
      ...operationParts(op, inputs, context),
      source: source.chainId ?? 'scratch',
    })
  },

  async prepare(op, inputs, context) {
    await using stack = new AsyncDisposableStack()
    const { tree, selections } = await openSource(op, inputs, context, stack)
    const draftCopy = async (): Promise<LayerDraft | undefined> => {
      const { entries, owner } = await placeInBase(selections, op, inputs, context)
      isLarge = entries.length > manyEntries
      const epoch = stepEpoch(context.times, context.vertex)
      const options = packOptions(op, owner, { epoch, isContext: op.from === 'context', context })
      return draftFiles(tree, entries, { ...options, epoch, isAdditive: !op.link }, context)
    }
    let early: LayerDraft | undefined
    let isLarge = false
    const files = isContext(op, inputs)
      ? await hashContextFiles(selections, context, async () => {
          early = await draftCopy()
          stack.use(early)
        })
      : await hashOwnFiles(tree, selections, context.signal)
    const keyOf = (hash: string): CacheKey =>
      createKey({ ...operationParts(op, inputs, context), files: hash })
    const taken = stack.move()
    return {
      key: keyOf(files.hash),
      summarize: files.summarize,
      async run() {
        await using draft = early ?? (await draftCopy())
        return { layer: await draft?.commit(), key: keyOf(await files.proved()) }
      },
      async [Symbol.asyncDispose]() {
        await taken.disposeAsync()
        // The step that comes next may be one that needs much, too.
        if (isLarge) collectMemory()
      },
    }
  },
}

/** Making a layer of more than this leaves behind about as much memory as is in use. */
const manyEntries = 10_000

/** Shows how much of a step's layer has been read. */
export function reportReading({ emit, vertex }: StepContext): (bytes: number) => void {
  return (current) => emit({ type: 'transfer', id: vertex.digest, action: 'read', current })
}

/** What COPY and ADD put into every key beside the files. */
export function operationParts(
  op: CopyFields,
  inputs: readonly FileState[],
  { times }: StepContext,
): CacheKey['parts'] {
  return {
    operation: JSON.stringify(op),
    // With --link the layer is the same whatever lies below.
    parent: op.link ? 'link' : (baseOf(inputs).chainId ?? 'scratch'),
    times: timesKey(times),
  }
}

function isContext(op: CopyOp, inputs: readonly FileState[]): boolean {
  return op.from === 'context' || inputs[1] === undefined
}

interface OpenSource {
  readonly tree: FileTree
  readonly selections: readonly Selection[]
}

async function openSource(
  op: CopyOp,
  inputs: readonly FileState[],
  context: StepContext,
  stack: AsyncDisposableStack,
): Promise<OpenSource> {
  const source = inputs[1]
  if (isContext(op, inputs) || source === undefined) {
    const selections = context.sources.get(context.vertex.digest) ?? []
    return { tree: context.context, selections }
  }
  const view = await context.filesystems.view(source)
  if (view === undefined) {
    throw new StrakeError('NOT_FOUND', 'Cannot copy from scratch: it has no files')
  }
  stack.use(view)
  const tree = stack.use(openTree(view.root, { name: 'that stage', hasOwners: true }))
  const options = { exclude: op.exclude, parents: op.parents }
  const selections = selectSources(tree, op.sources, options)
  return { tree, selections }
}

/** Lays the files out above the stage, and finds out who `--chown` means there. */
export async function placeInBase(
  selections: readonly Selection[],
  op: CopyFields,
  inputs: readonly FileState[],
  context: StepContext,
): Promise<ReturnType<typeof layOut> & { readonly owner: PackOptions['owner'] }> {
  const base = baseOf(inputs)
  const { chown } = op
  const owner =
    chown === undefined
      ? undefined
      : await findOwner({ spec: chown, purpose: `copy with --chown=${chown}` }, base, context)
  if (op.link) return { ...layOut(emptyTree, selections, op), owner }
  await using below = await context.filesystems.lookup(base)
  return { ...layOut(below, selections, op), owner }
}

export function packOptions(
  op: CopyFields,
  owner: PackOptions['owner'],
  origin: {
    readonly epoch: number | undefined
    /** Context files were written by a checkout, whose time says nothing about them. */
    readonly isContext: boolean
    readonly context: StepContext
  },
): PackOptions {
  const { epoch, isContext, context } = origin
  const isFixed = isContext && epoch !== undefined && context.times.kind === 'fixed'
  return {
    owner,
    mode: op.chmod === undefined ? undefined : parseModeChange(op.chmod),
    madeMode: op.chmod === undefined ? undefined : madeDirectoryMode(op.chmod),
    times: isFixed ? fixedTimes(epoch) : clampedTimes(epoch),
  }
}
