import { applyTar, createTree } from '#erofs'
import type { Digest } from '#oci'
import { pathExists } from '#platform'
import { KnownLists } from '../../chain/lineage.ts'
import { setAside } from '../../chain/remove-chains.ts'
import { replaceFile } from '../../chain/replace-file.ts'
import type { SnapshotFinding, VerifyOptions } from '../../chain/snapshotter.ts'
import { archiveTag, sparseTag } from '../device-tag.ts'
import type { ErofsStore } from '../import-layer.ts'
import { type ChainLayer, formatLayers } from '../layer-list.ts'
import { readArchive } from '../proved.ts'

/** The lists of one chain. */
export interface ChainList {
  readonly chainId: Digest
  /** Its layers, lowest first; `undefined` when no valid list of the chain is left. */
  readonly diffIds: readonly Digest[] | undefined
  /** The contents of its own `layers` file, if that is whole. */
  readonly layers: readonly ChainLayer[] | undefined
  /** What is wrong with its own lists, as clauses. */
  readonly problems: readonly string[]
}

/**
 * Reads the lists of all chains. A damaged list is replaced by its twin, by the list of a higher
 * chain, or by one of `known`.
 */
export function readLists(
  { chains, layers }: ErofsStore,
  known: readonly (readonly Digest[])[] = [],
): readonly ChainList[] {
  const chainIds = layers.chainIds()
  const lists = new KnownLists(known)
  for (const chainId of chainIds) lists.add(layers.diffIdsOf(chainId) ?? [])
  return chainIds.map((chainId) => {
    const found = layers.findLayers(chainId)
    const problems = [
      ...(found === undefined ? [problemOf(layers.listPath(chainId))] : []),
      ...(chains.findDiffIds(chainId) === undefined ? [problemOf(chains.listPath(chainId))] : []),
    ]
    return { chainId, diffIds: lists.of(chainId), layers: found, problems }
  })
}

function problemOf(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1)
  return `its file ${name} ${pathExists(path) ? 'does not list the layers that make it' : 'is missing'}`
}

/**
 * Reports what is wrong with the lists of a chain; to heal, writes them again. A chain is set aside
 * when no list names its layers, or when a layer in `bad` cannot be measured; the next process that
 * needs it creates it again.
 */
export async function* checkList(
  store: ErofsStore,
  list: ChainList,
  { archiveOf, bad }: VerifyOptions & { readonly bad: ReadonlySet<Digest> },
): AsyncGenerator<SnapshotFinding> {
  const { chainId, diffIds, problems } = list
  if (problems.length === 0) return
  const finding = { subject: `snapshot ${chainId}`, problem: problems.join(', and ') }
  if (archiveOf === undefined) {
    yield { ...finding, state: 'damaged' }
    return
  }
  if (diffIds === undefined || diffIds.some((diffId) => bad.has(diffId))) {
    const users = await setAside(store.chains, chainId)
    const action = `set aside, for no list names its layers${describeUsers(users)}`
    yield { ...finding, state: 'lost', action }
    return
  }
  const layers = list.layers ?? (await measure(store, diffIds))
  const content = formatLayers(layers)
  await replaceFile(store.chains, store.layers.listPath(chainId), { content, mode: 0o600 })
  await store.chains.replaceDiffIds(chainId, diffIds)
  yield { ...finding, state: 'healed', action: 'made again from the layers that its ID proves' }
}

/** The sizes of layers whose archives are whole. */
async function measure(
  { layers }: ErofsStore,
  diffIds: readonly Digest[],
): Promise<readonly ChainLayer[]> {
  const tree = createTree()
  const measured: ChainLayer[] = []
  for (const diffId of diffIds) {
    const { size, sparseSize } = await applyTar(tree, readArchive(layers.archive(diffId), diffId), {
      device: archiveTag(diffId),
      sparse: { device: sparseTag(diffId), write: () => {} },
    })
    measured.push({ diffId, size, sparseSize })
  }
  return measured
}

export function describeUsers(users: readonly string[]): string {
  return users.length === 0 ? '' : `, but ${users.join(', ')} still see the damage until they end`
}
