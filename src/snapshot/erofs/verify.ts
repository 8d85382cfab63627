import { applyTar, createTree, type Tree, writeIndex } from '#erofs'
import { type Digest, digestAlgorithm, digestHex, isStrakeError } from '#oci'
import { isSystemError, pathExists, renamePath, temporaryName } from '#platform'
import { createHasher } from '#stream'
import { readFile } from '../layer-source.ts'
import type { SnapshotFinding, VerifyOptions } from '../snapshotter.ts'
import { archiveTag, sparseTag } from './device-tag.ts'
import type { ErofsStore } from './import-layer.ts'
import { indexPath } from './indexes.ts'
import type { ChainLayer } from './layer-folder.ts'
import { replaceArchive, replaceIndex } from './replace.ts'

/** `node:fs`, loaded when it is needed. */
const fs = (): typeof import('node:fs') => process.getBuiltinModule('node:fs')

/**
 * Reads every archive against its diff ID, then makes every index again and
 * compares: the same archives give the same bytes.
 */
export async function* verifyErofs(
  store: ErofsStore,
  options: VerifyOptions,
): AsyncGenerator<SnapshotFinding> {
  const bad = new Set<Digest>()
  for (const layer of namedLayers(store)) {
    options.signal?.throwIfAborted()
    const finding = await checkLayer(store, layer, options)
    if (finding === undefined) continue
    if (finding.state !== 'healed') bad.add(layer.diffId)
    yield finding
  }
  const trees = new Trees(store)
  for (const chainId of deepestLast(store)) {
    options.signal?.throwIfAborted()
    if (store.layers.layersOf(chainId).some(({ diffId }) => bad.has(diffId))) continue
    const finding = await checkIndex(store, trees, { ...options, chainId })
    if (finding !== undefined) yield finding
  }
}

function namedLayers({ chains, layers }: ErofsStore): Iterable<ChainLayer> {
  const named = new Map<Digest, ChainLayer>()
  for (const { chainId } of chains.list()) {
    for (const layer of layers.layersOf(chainId)) named.set(layer.diffId, layer)
  }
  return named.values()
}

function deepestLast({ chains, layers }: ErofsStore): Digest[] {
  return [...chains.list()]
    .map(({ chainId }) => ({ chainId, depth: layers.layersOf(chainId).length }))
    .sort((a, b) => a.depth - b.depth)
    .map(({ chainId }) => chainId)
}

async function checkLayer(
  store: ErofsStore,
  layer: ChainLayer,
  { archiveOf }: VerifyOptions,
): Promise<SnapshotFinding | undefined> {
  const { diffId } = layer
  const path = store.layers.archive(diffId)
  const problem =
    (await archiveProblem(path, layer)) ??
    sizeProblem(store.layers.sparse(diffId), layer.sparseSize)
  if (problem === undefined || !isNamed(store, diffId)) return undefined
  const finding = { subject: `layer ${diffId}`, problem }
  if (archiveOf === undefined) return { ...finding, state: 'damaged' }
  const isReplaced = await replaceArchive(store, layer, archiveOf).catch((error: unknown) => {
    if (isStrakeError(error)) return false
    throw error
  })
  const users = releaseMounts(store, diffId)
  if (isReplaced && (await archiveProblem(path, layer)) === undefined) {
    return { ...finding, state: 'healed', action: `made again from its blob${users}` }
  }
  setAside(store, path)
  return { ...finding, state: 'lost', action: `no whole blob of it is here or can be had${users}` }
}

/** A chain may have been removed since it was listed. */
function isNamed(store: ErofsStore, diffId: Digest): boolean {
  return [...namedLayers(store)].some((layer) => layer.diffId === diffId)
}

async function archiveProblem(
  path: string,
  { diffId, size }: ChainLayer,
): Promise<string | undefined> {
  const wrong = sizeProblem(path, size)
  if (wrong !== undefined) return wrong
  const hasher = createHasher(digestAlgorithm(diffId))
  for await (const chunk of readFile(path)) hasher.update(chunk)
  const actual = hasher.digest()
  return actual === diffId ? undefined : `layer.tar has the digest ${actual}`
}

function sizeProblem(path: string, size: number): string | undefined {
  const name = path.slice(path.lastIndexOf('/') + 1)
  const found = fs().lstatSync(path, { throwIfNoEntry: false })
  if (found === undefined)
    return size === 0 && name !== 'layer.tar' ? undefined : `${name} is missing`
  if (!found.isFile()) return `${name} is no file`
  return found.size === size ? undefined : `${name} has ${found.size} bytes instead of ${size}`
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
  const affected = [...chains.list()].filter(({ chainId }) =>
    layers.layersOf(chainId).some((layer) => layer.diffId === diffId),
  )
  return describeUsers(affected.flatMap(({ chainId }) => chains.releaseMount(chainId)))
}

function describeUsers(users: readonly string[]): string {
  return users.length === 0 ? '' : `, but ${users.join(', ')} still see the damage until they end`
}

async function checkIndex(
  store: ErofsStore,
  trees: Trees,
  { chainId, archiveOf }: VerifyOptions & { readonly chainId: Digest },
): Promise<SnapshotFinding | undefined> {
  const path = indexPath(store.chains, chainId)
  // One that is not there is made by whoever mounts it first.
  if (!pathExists(path) && fs().lstatSync(path, { throwIfNoEntry: false }) === undefined) {
    return undefined
  }
  const { tree, sparse } = await trees.of(chainId)
  const uuid = Buffer.from(digestHex(chainId).slice(0, 32), 'hex')
  const expected = writeIndex(tree, { uuid })
  const problem = sparse ?? indexProblem(path, expected)
  if (problem === undefined || !store.chains.has(chainId)) return undefined
  const finding = { subject: `index ${chainId}`, problem }
  if (archiveOf === undefined) return { ...finding, state: 'damaged' }
  if (sparse !== undefined) {
    return { ...finding, state: 'lost', action: 'remove the image and pull it again' }
  }
  await replaceIndex(store, chainId, expected)
  const users = describeUsers(store.chains.releaseMount(chainId))
  return { ...finding, state: 'healed', action: `made again from its layers${users}` }
}

function indexProblem(path: string, expected: Uint8Array): string | undefined {
  const wrong = sizeProblem(path, expected.length)
  if (wrong !== undefined) return wrong
  return fs().readFileSync(path).equals(expected) ? undefined : 'it is not what its layers give'
}

/** Trees from archives alone: what an index says is what is in question. */
class Trees {
  readonly #store: ErofsStore
  #kept: { readonly chainId: Digest; readonly tree: Tree } | undefined

  constructor(store: ErofsStore) {
    this.#store = store
  }

  /** The tree of a chain, and what is wrong with the contents of its sparse files. */
  async of(chainId: Digest): Promise<{ readonly tree: Tree; readonly sparse?: string }> {
    const lineage = this.#store.chains.lineage(chainId)
    const kept = this.#kept
    const from = kept === undefined ? -1 : lineage.indexOf(kept.chainId)
    const tree = kept === undefined || from === -1 ? createTree() : kept.tree
    const layers = this.#store.layers.layersOf(chainId)
    const above = from === -1 ? layers : layers.slice(layers.length - from)
    this.#kept = undefined
    let sparse: string | undefined
    for (const layer of above) if (!(await this.#apply(tree, layer))) sparse = damagedSparse(layer)
    this.#kept = { chainId, tree }
    return sparse === undefined ? { tree } : { tree, sparse }
  }

  /** False when the contents of sparse files are not what the archive gives. */
  async #apply(tree: Tree, { diffId, sparseSize }: ChainLayer): Promise<boolean> {
    const { archive, sparse } = {
      archive: this.#store.layers.archive(diffId),
      sparse: this.#store.layers.sparse(diffId),
    }
    const file = sparseSize === 0 ? undefined : fs().openSync(sparse, 'r')
    let isSound = true
    try {
      await applyTar(tree, readFile(archive), {
        device: archiveTag(diffId),
        sparse: {
          device: sparseTag(diffId),
          write: (piece, position) => {
            const found = Buffer.alloc(piece.length)
            if (file !== undefined) fs().readSync(file, found, 0, piece.length, position)
            isSound &&= found.equals(piece)
          },
        },
      })
    } finally {
      if (file !== undefined) fs().closeSync(file)
    }
    return isSound
  }
}

function damagedSparse({ diffId }: ChainLayer): string {
  return `the contents of sparse files of layer ${diffId} are not what its archive gives`
}
