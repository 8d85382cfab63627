import { applyTar, createTree, type Tree, writeIndex } from '#erofs'
import { type Digest, digestAlgorithm, digestHex, isStrakeError } from '#oci'
import { isSystemError, renamePath, temporaryName } from '#platform'
import { createHasher } from '#stream'
import { readFile } from '../../chain/layer-source.ts'
import type { SnapshotFinding, VerifyOptions } from '../../chain/snapshotter.ts'
import { archiveTag, sparseTag } from '../device-tag.ts'
import type { ErofsStore } from '../import-layer.ts'
import { indexPath } from '../indexes.ts'
import type { ChainLayer } from '../layer-list.ts'
import { type ChainList, checkList, describeUsers, readLists } from './lists.ts'
import { replaceArchive, replaceIndex } from './replace.ts'
import { SparseCheck } from './sparse.ts'

/** `node:fs`, loaded when it is needed. */
const fs = (): typeof import('node:fs') => process.getBuiltinModule('node:fs')

/**
 * Reads every archive against its diff ID, then the lists of every chain, then
 * makes every index again and compares: the same archives give the same bytes.
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

/** Layers that a chain is made of, whichever list says so. */
function namedLayers(store: ErofsStore, known?: readonly (readonly Digest[])[]): Iterable<Digest> {
  return new Set(readLists(store, known).flatMap(({ diffIds }) => diffIds ?? []))
}

/** The chains whose lists are whole. */
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
  // A chain may have been removed since it was listed.
  if (problem === undefined || !new Set(namedLayers(store, known)).has(diffId)) return undefined
  const finding = { subject: `layer ${diffId}`, problem }
  if (archiveOf === undefined) return { ...finding, state: 'damaged' }
  const isReplaced = await replaceArchive(store, diffId, archiveOf).catch((error: unknown) => {
    if (isStrakeError(error)) return false
    throw error
  })
  const users = releaseMounts(store, diffId)
  if (isReplaced && (await archiveProblem(path, diffId)) === undefined) {
    return { ...finding, state: 'healed', action: `made again from its blob${users}` }
  }
  setAside(store, path)
  return { ...finding, state: 'lost', action: `no whole blob of it is here or can be had${users}` }
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
  return found.isFile() ? undefined : `${name} is no file`
}

/** Nobody mounts what is not there. */
function setAside({ chains }: ErofsStore, path: string): void {
  try {
    renamePath(path, `${chains.root}/trash/${temporaryName()}`)
  } catch (error) {
    if (!isSystemError(error, 'ENOENT')) throw error
  }
}

/** So that the next user sees the new files; says who still sees the old ones. */
function releaseMounts({ chains, layers }: ErofsStore, diffId: Digest): string {
  const affected = layers
    .chainIds()
    .filter((chainId) => layers.diffIdsOf(chainId)?.includes(diffId) === true)
  return describeUsers(affected.flatMap((chainId) => chains.releaseMount(chainId)))
}

async function* checkChain(
  store: ErofsStore,
  trees: Trees,
  { chainId, archiveOf }: VerifyOptions & { readonly chainId: Digest },
): AsyncGenerator<SnapshotFinding> {
  const path = indexPath(store.chains, chainId)
  // One that is not there is made by whoever mounts it first.
  const hasIndex = fs().lstatSync(path, { throwIfNoEntry: false }) !== undefined
  const isSparse = store.layers.layersOf(chainId).some(({ sparseSize }) => sparseSize > 0)
  if (!hasIndex && !isSparse) return
  const { tree, findings } = await trees.of(chainId)
  yield* findings
  if (!hasIndex) return
  const uuid = Buffer.from(digestHex(chainId).slice(0, 32), 'hex')
  const expected = writeIndex(tree, { uuid })
  const problem = indexProblem(path, expected)
  if (problem === undefined || !store.chains.has(chainId)) return
  const finding = { subject: `index ${chainId}`, problem }
  if (archiveOf === undefined) {
    yield { ...finding, state: 'damaged' }
    return
  }
  await replaceIndex(store, chainId, expected)
  const users = describeUsers(store.chains.releaseMount(chainId))
  yield { ...finding, state: 'healed', action: `made again from its layers${users}` }
}

function indexProblem(path: string, expected: Uint8Array): string | undefined {
  const wrong = fileProblem(path)
  if (wrong !== undefined) return wrong
  return fs().readFileSync(path).equals(expected) ? undefined : 'it is not what its layers give'
}

/** Trees from archives alone: what an index says is what is in question. */
class Trees {
  readonly #store: ErofsStore
  readonly #options: { readonly heals: boolean }
  /** Layers whose sparse files were looked at. */
  readonly #seen = new Set<Digest>()
  #kept: { readonly chainId: Digest; readonly tree: Tree } | undefined

  constructor(store: ErofsStore, options: { readonly heals: boolean }) {
    this.#store = store
    this.#options = options
  }

  /** The tree of a chain, and what is wrong with the contents of sparse files that was not told yet. */
  async of(
    chainId: Digest,
  ): Promise<{ readonly tree: Tree; readonly findings: readonly SnapshotFinding[] }> {
    const lineage = this.#store.chains.lineage(chainId)
    const kept = this.#kept
    const from = kept === undefined ? -1 : lineage.indexOf(kept.chainId)
    const tree = kept === undefined || from === -1 ? createTree() : kept.tree
    const layers = this.#store.layers.layersOf(chainId)
    const above = from === -1 ? layers : layers.slice(layers.length - from)
    this.#kept = undefined
    const findings: SnapshotFinding[] = []
    for (const layer of above) {
      if (layer.sparseSize === 0 || this.#seen.has(layer.diffId)) await this.#apply(tree, layer)
      else findings.push(...(await this.#applySparse(tree, layer)))
    }
    this.#kept = { chainId, tree }
    return { tree, findings }
  }

  async #applySparse(tree: Tree, layer: ChainLayer): Promise<readonly SnapshotFinding[]> {
    const { diffId } = layer
    await using check = new SparseCheck(this.#store, layer, this.#options)
    await this.#apply(tree, layer, (piece, position) => check.write(piece, position))
    this.#seen.add(diffId)
    const state = await check.finish()
    if (state === 'sound') return []
    const problem = 'sparse.data is not what its archive gives'
    const finding = { subject: `layer ${diffId}`, problem, state }
    if (state === 'damaged') return [finding]
    return [{ ...finding, action: `made again from it${releaseMounts(this.#store, diffId)}` }]
  }

  async #apply(
    tree: Tree,
    { diffId }: ChainLayer,
    write: (piece: Uint8Array, position: number) => void = () => {},
  ): Promise<void> {
    await applyTar(tree, readFile(this.#store.layers.archive(diffId)), {
      device: archiveTag(diffId),
      sparse: { device: sparseTag(diffId), write },
    })
  }
}
