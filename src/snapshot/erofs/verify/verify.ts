import { type Digest, digestAlgorithm, isStrakeError } from '#oci'
import { fs, isSystemError, renamePath, temporaryName } from '#platform'
import { createHasher } from '#stream'
import { readFile } from '../../chain/layer-source.ts'
import type { SnapshotFinding, VerifyOptions } from '../../chain/snapshotter.ts'
import type { ErofsStore } from '../import-layer.ts'
import { indexOf, indexPath } from '../indexes.ts'
import type { ChainLayer } from '../layer-list.ts'
import { isMarked, markProved } from '../proved.ts'
import { type ChainList, checkList, describeUsers, readLists } from './lists.ts'
import { replaceArchive } from './replace.ts'
import { releaseMounts, Trees } from './trees.ts'

/**
 * Checks every archive against its diff ID, then the lists of every chain. Then creates every index
 * again and compares it: the same archives give the same bytes.
 */
export async function* verifyErofs(
  store: ErofsStore,
  options: VerifyOptions,
): AsyncGenerator<SnapshotFinding> {
  const { signal } = options
  const bad = new Set<Digest>()
  for (const diffId of namedLayers(store, options.known)) {
    signal?.throwIfAborted()
    const finding = await checkLayer(store, diffId, options)
    if (finding === undefined) continue
    if (finding.state !== 'healed') bad.add(diffId)
    yield finding
  }
  for (const list of readLists(store, options.known)) {
    signal?.throwIfAborted()
    yield* checkList(store, list, { ...options, bad })
  }
  const trees = new Trees(store, { heals: options.archiveOf !== undefined })
  for (const { chainId, layers } of lowestFirst(readLists(store))) {
    signal?.throwIfAborted()
    if (layers.some(({ diffId }) => bad.has(diffId))) continue
    yield* checkChain(store, trees, { ...options, chainId })
  }
}

/** The layers of all chains, from any valid list. */
function namedLayers(store: ErofsStore, known?: readonly (readonly Digest[])[]): Iterable<Digest> {
  return new Set(readLists(store, known).flatMap(({ diffIds }) => diffIds ?? []))
}

/** The chains whose lists are whole, those with the fewest layers first. */
function lowestFirst(lists: readonly ChainList[]): readonly WholeList[] {
  return lists.filter(isWhole).sort((a, b) => a.layers.length - b.layers.length)
}

type WholeList = ChainList & { readonly layers: readonly ChainLayer[] }

function isWhole(list: ChainList): list is WholeList {
  return list.layers !== undefined && list.problems.length === 0
}

async function checkLayer(
  store: ErofsStore,
  diffId: Digest,
  { archiveOf, known }: VerifyOptions,
): Promise<SnapshotFinding | undefined> {
  const path = store.layers.archive(diffId)
  const problem = await archiveProblem(path, diffId)
  if (problem === undefined && !isMarked(path)) markProved(path)
  // A chain may have been removed since it was listed.
  if (problem === undefined || !new Set(namedLayers(store, known)).has(diffId)) return undefined
  const finding = { subject: `layer ${diffId}`, problem }
  if (archiveOf === undefined) return { ...finding, state: 'damaged' }
  const isReplaced = await replaceArchive(store, diffId, archiveOf).catch((error: unknown) => {
    if (isStrakeError(error)) return false
    throw error
  })
  const users = await releaseMounts(store, diffId)
  if (isReplaced && (await archiveProblem(path, diffId)) === undefined) {
    return { ...finding, state: 'healed', action: `made again from its blob${users}` }
  }
  setAside(store, path)
  return {
    ...finding,
    state: 'lost',
    action: `no whole blob of it is stored or can be fetched${users}`,
  }
}

async function archiveProblem(path: string, diffId: Digest): Promise<string | undefined> {
  const wrong = fileProblem(path)
  if (wrong !== undefined) return wrong
  const hasher = createHasher(digestAlgorithm(diffId))
  for await (const chunk of readFile(path)) hasher.update(chunk)
  const actual = hasher.digest()
  return actual === diffId ? undefined : `layer.tar has the digest ${actual}`
}

function fileProblem(path: string): string | undefined {
  const name = path.slice(path.lastIndexOf('/') + 1)
  const found = fs().lstatSync(path, { throwIfNoEntry: false })
  if (found === undefined) return `${name} is missing`
  return found.isFile() ? undefined : `${name} is not a file`
}

/** Moves a damaged file away, so that it cannot be mounted. */
function setAside({ chains }: ErofsStore, path: string): void {
  try {
    renamePath(path, `${chains.root}/trash/${temporaryName()}`)
  } catch (error) {
    if (!isSystemError(error, 'ENOENT')) throw error
  }
}

async function* checkChain(
  store: ErofsStore,
  trees: Trees,
  { chainId, archiveOf }: VerifyOptions & { readonly chainId: Digest },
): AsyncGenerator<SnapshotFinding> {
  const path = indexPath(store.chains, chainId)
  // A missing index is created at the next mount.
  const hasIndex = fs().lstatSync(path, { throwIfNoEntry: false }) !== undefined
  const isSparse = store.layers.layersOf(chainId).some(({ sparseSize }) => sparseSize > 0)
  if (!hasIndex && !isSparse) return
  const { tree, findings } = await trees.of(chainId)
  yield* findings
  if (!hasIndex) return
  const expected = indexOf(tree, chainId)
  const problem = indexProblem(path, expected)
  if (problem === undefined) markProved(path)
  if (problem === undefined || !store.chains.has(chainId)) return
  const finding = { subject: `index ${chainId}`, problem }
  if (archiveOf === undefined) {
    yield { ...finding, state: 'damaged' }
    return
  }
  await store.indexes.replace(chainId, expected)
  const users = describeUsers(await store.chains.releaseMount(chainId))
  yield { ...finding, state: 'healed', action: `made again from its layers${users}` }
}

function indexProblem(path: string, expected: Uint8Array): string | undefined {
  const wrong = fileProblem(path)
  if (wrong !== undefined) return wrong
  return fs().readFileSync(path).equals(expected) ? undefined : 'it is not what its layers give'
}
