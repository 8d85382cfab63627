import type { BuildContext } from '../files/build-context.ts'
import { type ContentHash, hashSelections, summarizeSelections } from '../files/content-hash.ts'
import { createFileDigests, type FileDigests } from '../files/digests.ts'
import type { Selection } from '../files/select-sources.ts'
import { hashStatus } from '../files/status-hash.ts'
import type { FileTree } from '../files/tree.ts'
import { definitionOf, type StepContext } from '../step/workspace.ts'

/** The hashes of a step's files from the build context. */
interface Known {
  /** The hash of their status. */
  readonly status: string
  /** The hash of their content. */
  readonly content: string
}

/** The hash of files, before and after the layer is made from them. */
export interface FilesHash extends ContentHash {
  /**
   * The hash of the bytes that were read. A result must be cached under this hash,
   * because a known digest may have been wrong.
   */
  proved(): Promise<string>
}

export interface ContextHashOptions {
  readonly context: StepContext
  readonly readAll?: (() => Promise<void>) | undefined
}

/**
 * Calls `hashSelections` for files of a build context. If the status of the files is the
 * same as at the last run of the step, their contents are the same too, and neither the
 * index of digests nor a file is read. If most files have to be read, `readAll` may read
 * them first for another purpose and add their digests.
 */
export async function hashContextFiles(
  { tree, digests, listedAt, origin }: BuildContext,
  selections: readonly Selection[],
  { context, readAll }: ContextHashOptions,
): Promise<FilesHash> {
  const { signal } = context
  const status = origin && hashStatus(selections, { listedAt, origin })
  const known = recall(context)
  const hashNow = async (): Promise<ContentHash> => {
    const found = await hashSelections(tree, selections, digests, signal)
    if (status !== undefined) remember(context, { status, content: found.hash })
    return found
  }
  const proved = async (): Promise<string> => (await hashNow()).hash
  if (status !== undefined && known?.status === status) {
    digests.keepAll()
    const summarize = (): Record<string, string> => summarizeSelections(tree, selections, digests)
    return { hash: known.content, summarize, proved }
  }
  if (readAll !== undefined && areMostlyUnknown(selections, digests)) await readAll()
  const found = await hashNow()
  const { corrections } = digests
  return {
    ...found,
    proved: async () => (digests.corrections === corrections ? found.hash : await proved()),
  }
}

/** `hashSelections` for files that only this build can change: of a mounted stage, or downloads. */
export async function hashOwnFiles(
  tree: FileTree,
  selections: readonly Selection[],
  signal: AbortSignal,
): Promise<FilesHash> {
  const found = await hashSelections(tree, selections, createFileDigests(tree), signal)
  return { ...found, proved: async () => found.hash }
}

/** Reading this many bytes twice takes no noticeable time. */
const smallSize = 4_194_304

function areMostlyUnknown(selections: readonly Selection[], digests: FileDigests): boolean {
  let [unknown, total] = [0, 0]
  for (const { items } of selections) {
    for (const { content } of items) {
      if ('inline' in content || content.type !== 'file') continue
      total += content.size
      if (digests.known(content) === undefined) unknown += content.size
    }
  }
  return unknown > Math.max(smallSize, total / 2)
}

function recall(context: StepContext): Known | undefined {
  const value = context.services.cache.inputsOf(keyOf(context))
  if (typeof value !== 'object' || value === null) return undefined
  if (!('status' in value && 'content' in value)) return undefined
  const { status, content } = value
  return typeof status === 'string' && typeof content === 'string' ? { status, content } : undefined
}

function remember(context: StepContext, known: Known): void {
  context.services.cache.putInputs(keyOf(context), known)
}

function keyOf(context: StepContext): string {
  return `${definitionOf(context)} status`
}
