import { chainAbove, chainIds, type Digest, digestHex, isDigest, StrakeError } from '#oci'
import {
  changeMode,
  fs,
  lockFile,
  makeDirectories,
  makeDirectory,
  pathExists,
  readPlainFile,
  removeTree,
  renamePath,
  syncDirectory,
  temporaryName,
} from '#platform'
import { ChainUsers } from './chain-users.ts'
import { formatDiffIds, maxListSize, parseDiffIds } from './lineage.ts'
import { replaceFile, writeSynced } from './replace-file.ts'
import type { SnapshotRecord } from './snapshotter.ts'

/** The remedy for damage in a chain. */
export const repair = 'make it again with strake system check --repair'

/**
 * The folder of committed filesystems.
 *
 *     root/chains/<hex>/parents   its layers by diff ID, lowest first, one a line
 *     root/chains/<hex>/tree      directory: this layer's own changes, as overlayfs writes them
 *     root/chains/<hex>/layers    erofs: the same with the sizes of their files
 *     root/chains/<hex>/index.erofs       and their index, which can be made again
 *     root/staging/<name>/        an active snapshot
 *     root/trash/                 entries that are being removed
 *
 * A chain ID is the hash of its diff IDs, so `parents` can be checked against the name of its
 * folder. It also yields the chain IDs of the parents. A list that does not match is ignored.
 *
 * A chain exists for one kind of snapshots exactly when its folder contains the entry that marks
 * this kind. That entry appears by rename after everything is synced, and disappears by rename. One
 * short lock keeps a process from removing a chain while another starts to use it.
 */
export class ChainFolder {
  readonly root: string
  readonly run: string
  readonly users: ChainUsers
  readonly #marker: 'tree' | 'layers'
  #ready = false

  constructor(root: string, run: string, marker: 'tree' | 'layers' = 'tree') {
    this.root = root
    this.run = run
    this.users = new ChainUsers(run)
    this.#marker = marker
  }

  /**
   * The chain `chainId` and the chains below it, nearest first. Throws `NOT_FOUND`, or `INVALID`
   * when its list is damaged.
   */
  lineage(chainId: Digest): Digest[] {
    return chainIds(this.diffIds(chainId)).reverse()
  }

  /** The layers of a chain, lowest first. Throws as `lineage` does. */
  diffIds(chainId: Digest): readonly Digest[] {
    if (!this.has(chainId)) {
      const message = `Cannot use snapshot ${chainId}: there is no such snapshot`
      throw new StrakeError('NOT_FOUND', message, { remedy: 'pull or build the image again' })
    }
    const found = this.findDiffIds(chainId)
    if (found !== undefined) return found
    const message = `Cannot use snapshot ${chainId}: the list of its layers is damaged`
    throw new StrakeError('INVALID', message, { remedy: repair })
  }

  /**
   * Like `diffIds`, but for chains of any kind of snapshots; `undefined` when there is no valid
   * list.
   */
  findDiffIds(chainId: Digest): readonly Digest[] | undefined {
    const text = readPlainFile(this.listPath(chainId), maxListSize)
    return text === undefined ? undefined : parseDiffIds(text, chainId)
  }

  /** Replaces the list of layers durably. */
  async replaceDiffIds(chainId: Digest, diffIds: readonly Digest[]): Promise<void> {
    await replaceFile(this, this.listPath(chainId), {
      content: formatDiffIds(diffIds),
      mode: 0o600,
    })
  }

  /** The file that lists the layers of a chain. */
  listPath(chainId: Digest): string {
    return `${this.folder(chainId)}/parents`
  }

  folder(chainId: Digest): string {
    return `${this.root}/chains/${digestHex(chainId)}`
  }

  tree(chainId: Digest): string {
    return `${this.folder(chainId)}/tree`
  }

  has(chainId: Digest): boolean {
    return pathExists(`${this.folder(chainId)}/${this.#marker}`)
  }

  staging(name: string): string {
    return `${this.root}/staging/${name}`
  }

  /**
   * Mounts `name`, which needs `chainId`. Calls `mount` with the lineage under the lock, so that no
   * other process removes a chain or mounts one during the call. No process can remove a chain of
   * the lineage while the mount exists.
   */
  async use(
    chainId: Digest | null,
    name: string,
    mount: (lineage: readonly Digest[]) => void,
  ): Promise<void> {
    await this.makeReady()
    using _lock = await this.lock()
    if (chainId === null) {
      mount([])
      return
    }
    const lineage = this.lineage(chainId)
    const isNew = this.users.add(chainId, name)
    try {
      mount(lineage)
    } catch (error) {
      if (isNew) this.unuse(chainId, name)
      throw error
    }
  }

  /** Notes that the mount `name` no longer exists. */
  unuse(chainId: Digest, name: string): void {
    this.users.remove(chainId, name)
  }

  /** Runs `action` while no other process can take, remove or commit a chain. It must be short. */
  async exclusively<T>(action: () => T): Promise<T> {
    await this.makeReady()
    using _lock = await this.lock()
    return action()
  }

  /**
   * Turns the folder of an active snapshot into the chain of `parent` and `diffId`, after `sync`
   * has made its files durable. Returns `false` when another process has committed the chain first;
   * this folder then stays where it is.
   */
  async commit(
    name: string,
    chain: {
      readonly parent: Digest | null
      readonly diffId: Digest
      readonly sync: (folder: string) => Promise<void>
    },
  ): Promise<boolean> {
    const { parent, diffId, sync } = chain
    const chainId = chainAbove(parent, diffId)
    const folder = this.staging(name)
    const below = parent === null ? [] : this.diffIds(parent)
    writeSynced(`${folder}/parents`, formatDiffIds([...below, diffId]), 0o600)
    await sync(folder)
    {
      using _lock = await this.lock()
      if (parent !== null) this.lineage(parent)
      if (this.has(chainId)) return false
      this.#settle(folder, this.folder(chainId))
    }
    await syncDirectory(`${this.root}/chains`)
    if (pathExists(folder)) await removeTree(folder)
    return true
  }

  /** A snapshot of the other kind may exist for this chain; its files stay. */
  #settle(from: string, to: string): void {
    if (!pathExists(to)) {
      renamePath(from, to)
      return
    }
    for (const entry of fs().readdirSync(from)) {
      if (entry === this.#marker || (entry !== 'parents' && pathExists(`${to}/${entry}`))) continue
      renamePath(`${from}/${entry}`, `${to}/${entry}`)
    }
    renamePath(`${from}/${this.#marker}`, `${to}/${this.#marker}`)
  }

  /**
   * Unmounts a shared mount whose files were replaced. The mounts of containers stay. Returns the
   * names of the mounts that still use it.
   */
  releaseMount(chainId: Digest): Promise<readonly string[]> {
    return this.exclusively(() => this.users.release(chainId))
  }

  /**
   * Moves `path` to the trash. Call it with the lock held. Returns the new path, which the caller
   * removes.
   */
  discard(path: string): string {
    const trash = `${this.root}/trash/${temporaryName()}`
    renamePath(path, trash)
    return trash
  }

  /**
   * Yields every chain with its parent, in no order. May leave out a chain that is removed during
   * the iteration.
   */
  *list(): Generator<Pick<SnapshotRecord, 'chainId' | 'parent'>> {
    for (const chainId of this.all()) {
      if (this.has(chainId)) yield { chainId, parent: this.parentOf(chainId) }
    }
  }

  /** The chains of all kinds of snapshots. */
  all(): Digest[] {
    if (!pathExists(`${this.root}/chains`)) return []
    return fs().readdirSync(`${this.root}/chains`).map(digestOfHex).filter(isDigest)
  }

  /** Names of entries below `staging` or `trash`. */
  entries(folder: 'staging' | 'trash'): string[] {
    const path = `${this.root}/${folder}`
    return pathExists(path) ? fs().readdirSync(path) : []
  }

  /**
   * Creates missing folders. Only root may enter them: layers contain setuid programs and devices.
   */
  async makeReady(): Promise<void> {
    if (this.#ready) return
    makeDirectories(this.root, 0o700)
    for (const folder of ['chains', 'staging', 'trash']) {
      if (makeDirectory(`${this.root}/${folder}`, 0o700))
        changeMode(`${this.root}/${folder}`, 0o700)
    }
    await this.users.makeReady(() => this.lock())
    this.#ready = true
  }

  /**
   * Keeps other processes from taking, removing or committing a chain. Hold it only for a short
   * time.
   */
  lock(): Promise<Disposable> {
    return lockFile(`${this.root}/chains/.lock`)
  }

  /** Returns `null` also when the list of the chain is damaged. */
  parentOf(chainId: Digest): Digest | null {
    return chainIds(this.findDiffIds(chainId) ?? []).at(-2) ?? null
  }
}

function digestOfHex(hex: string): string {
  const algorithm = { 64: 'sha256', 96: 'sha384', 128: 'sha512' }[hex.length] ?? 'none'
  return `${algorithm}:${hex}`
}
