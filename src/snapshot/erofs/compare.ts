import { type IndexEntry, listTree, type ReadDevice, readContents, type Tree } from '#erofs'
import type { PathChange } from '#layer'
import type { Digest } from '#oci'
import { closeFile, fs, openPlainFile } from '#platform'
import { compareNames } from '#tar'
import { ownedName } from '../chain/owner-name.ts'
import { archiveTag, sparseTag } from './device-tag.ts'
import type { ErofsStore } from './import-layer.ts'
import { proveChain } from './prove-chain.ts'

/** Yields how the filesystem of one chain differs from another, without mounting either. */
export async function* compareChains(
  store: ErofsStore,
  before: Digest | null,
  after: Digest,
): AsyncGenerator<PathChange> {
  const { chains, indexes } = store
  const chainIds = [after, ...(before === null || before === after ? [] : [before])]
  const name = ownedName('view')
  using held = new DisposableStack()
  for (const chainId of chainIds) {
    await chains.use(chainId, name, () => {})
    held.defer(() => chains.unuse(chainId, name))
  }
  for (const chainId of chainIds) await proveChain(store, chainId)
  const archives = held.use(new Archives(store, chainIds))
  const [old, now] = [await indexes.take(before), await indexes.take(after)]
  yield* compareTrees(old, now, (...piece) => archives.read(...piece))
}

/** The files that indexes point into, each opened at its first read. */
class Archives implements Disposable {
  readonly #paths = new Map<string, string>()
  readonly #descriptors = new Map<string, number>()

  constructor({ layers }: ErofsStore, chainIds: readonly Digest[]) {
    for (const { diffId } of chainIds.flatMap((chainId) => layers.layersOf(chainId))) {
      this.#paths.set(archiveTag(diffId), layers.archive(diffId))
      this.#paths.set(sparseTag(diffId), layers.sparse(diffId))
    }
  }

  read(device: string, offset: number, size: number): Uint8Array {
    const chunk = Buffer.allocUnsafe(size)
    return chunk.subarray(0, fs().readSync(this.#open(device), chunk, 0, size, offset))
  }

  [Symbol.dispose](): void {
    for (const descriptor of this.#descriptors.values()) closeFile(descriptor)
  }

  #open(device: string): number {
    const known = this.#descriptors.get(device)
    if (known !== undefined) return known
    const path = this.#paths.get(device)
    if (path === undefined) throw new RangeError(`no layer of the snapshot is called ${device}`)
    const descriptor = openPlainFile(path)
    this.#descriptors.set(device, descriptor)
    return descriptor
  }
}

/**
 * Yields how one tree differs from another, in the order of `listTree`. Files at the same place of
 * the same archive are equal and are not read. The contents of others are compared only when all
 * metadata is equal.
 */
async function* compareTrees(
  before: Tree,
  after: Tree,
  read: ReadDevice,
): AsyncGenerator<PathChange> {
  const old = new Map([...listTree(before)].map((entry) => [entry.path, entry]))
  const deleted = new Map(old)
  const changes: PathChange[] = []
  for (const entry of listTree(after)) {
    const { path } = entry
    deleted.delete(path)
    const was = old.get(path)
    if (path === '') continue
    if (was === undefined) changes.push({ path, kind: 'added' })
    else if (!(await isSame(was, entry, read))) changes.push({ path, kind: 'changed' })
  }
  for (const path of deleted.keys()) {
    if (!deleted.has(parentOf(path))) changes.push({ path, kind: 'deleted' })
  }
  yield* changes.sort((left, right) => comparePaths(left.path, right.path))
}

async function isSame(left: IndexEntry, right: IndexEntry, read: ReadDevice): Promise<boolean> {
  for (const field of comparedFields) if (left[field] !== right[field]) return false
  if (!sameAttributes(left.xattrs, right.xattrs)) return false
  return await sameContents(left, right, read)
}

const comparedFields = [
  'type',
  'mode',
  'uid',
  'gid',
  'size',
  'mtime',
  'mtimeNanoseconds',
  'linkpath',
  'deviceMajor',
  'deviceMinor',
] as const satisfies readonly (keyof IndexEntry)[]

function sameAttributes(left: IndexEntry['xattrs'], right: IndexEntry['xattrs']): boolean {
  if (left.size !== right.size) return false
  return [...left].every(([name, value]) => {
    const other = right.get(name)
    return other !== undefined && Buffer.compare(value, other) === 0
  })
}

async function sameContents(
  left: IndexEntry,
  right: IndexEntry,
  read: ReadDevice,
): Promise<boolean> {
  const [from, to] = [left.contents, right.contents]
  if (from?.device === to?.device && from?.offset === to?.offset) return true
  // Both have the same size, so both yield pieces of the same sizes.
  const others = readContents(right, read)[Symbol.asyncIterator]()
  for await (const chunk of readContents(left, read)) {
    const other = await others.next()
    if (other.done === true || Buffer.compare(chunk, other.value) !== 0) return false
  }
  return true
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')))
}

/** The order of a walk: a directory before its entries, names by their bytes. */
function comparePaths(left: string, right: string): number {
  const [names, others] = [left.split('/'), right.split('/')]
  for (const [index, name] of names.entries()) {
    const other = others[index]
    if (other === undefined) return 1
    const order = compareNames(name, other)
    if (order !== 0) return order
  }
  return names.length - others.length
}
