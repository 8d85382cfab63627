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

/** What helps when something of a chain is damaged. */
export const repair = 'make it again with strake system check --repair'

/**
 * Where committed filesystems lie.
 *
 *     root/chains/<hex>/parents   its layers by diff ID, lowest first, one a line
 *     root/chains/<hex>/tree      directory: that layer's own changes, as overlayfs keeps them
 *     root/chains/<hex>/layers    erofs: the same with the sizes of their files
 *     root/chains/<hex>/index.erofs       and their index, which can be made again
 *     root/staging/<name>/        an active snapshot
 *     root/trash/                 on its way out
 *
 * A chain ID is the hash of its layers, so `parents` proves itself and tells the
 * chain IDs below: nothing is believed that does not prove itself.
 *
 * A chain exists, for one kind of snapshots, exactly when its folder has the
 * entry by which this kind tells: it appears by rename after everything was
 * synced, and leaves by rename. Taking a chain into use and removing one
 * exclude each other by one short lock.
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

  /** The chain `chainId` and what lies below it, nearest first. Throws `NOT_FOUND`, or `INVALID` when its list is damaged. */
  lineage(chainId: Digest): Digest[] {
    return chainIds(this.diffIds(chainId)).reverse()
  }

  /** The layers that make a chain, lowest first. Throws as `lineage` does. */
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

  /** As `diffIds`, of a chain of any kind of snapshots; `undefined` when there is no list that proves itself. */
  findDiffIds(chainId: Digest): readonly Digest[] | undefined {
    const text = readPlainFile(this.listPath(chainId), maxListSize)
    return text === undefined ? undefined : parseDiffIds(text, chainId)
  }

  /** Puts a list of layers in place of what is there, durably. */
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
   * Mounts `name`, which needs `chainId`: `mount` gets the lineage, and no other
   * process can remove any of it before the mount stands, nor while it does; nor
   * mount anything meanwhile.
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

  /** The mount `name` is gone. */
  unuse(chainId: Digest, name: string): void {
    this.users.remove(chainId, name)
  }

  /** Runs `action` while no other process takes, removes or commits anything. It must be short. */
  async exclusively<T>(action: () => T): Promise<T> {
    await this.makeReady()
    using _lock = await this.lock()
    return action()
  }

  /**
   * Makes the folder of an active snapshot the one of the chain that a layer makes
   * of `parent`, once `sync` has made everything in it durable. Returns `false`
   * when another process was quicker; the folder is then still there.
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

  /** Another kind of snapshots may have the chain already; what it has stays. */
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

  /** Unmounts a shared mount whose files were replaced; what a container has mounted stays. Says who keeps it. */
  releaseMount(chainId: Digest): Promise<readonly string[]> {
    return this.exclusively(() => this.users.release(chainId))
  }

  /** Moves something out of sight, under the lock, and returns where it is to be removed from. */
  discard(path: string): string {
    const trash = `${this.root}/trash/${temporaryName()}`
    renamePath(path, trash)
    return trash
  }

  /** Every chain with its parent, in no order; one that is removed meanwhile may be left out. */
  *list(): Generator<Pick<SnapshotRecord, 'chainId' | 'parent'>> {
    for (const chainId of this.all()) {
      if (this.has(chainId)) yield { chainId, parent: this.parentOf(chainId) }
    }
  }

  /** Every chain of any kind of snapshots. */
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
   * Makes what is missing. Nobody but root may enter: a layer's setuid programs
   * and devices lie here.
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

  /** Keeps other processes from taking, removing or committing anything. Hold it shortly. */
  lock(): Promise<Disposable> {
    return lockFile(`${this.root}/chains/.lock`)
  }

  /** `null` also when the list of the chain is damaged. */
  parentOf(chainId: Digest): Digest | null {
    return chainIds(this.findDiffIds(chainId) ?? []).at(-2) ?? null
  }
}

function digestOfHex(hex: string): string {
  const algorithm = { 64: 'sha256', 96: 'sha384', 128: 'sha512' }[hex.length] ?? 'none'
  return `${algorithm}:${hex}`
}
