import { chainAbove, chainIds, type Digest, digestHex, isDigest, StrakeError } from '#oci'
import {
  changeMode,
  isMountPoint,
  lockFile,
  makeDirectories,
  makeDirectory,
  openFile,
  openFlag,
  pathExists,
  readPlainFile,
  removeDirectory,
  removeTree,
  renamePath,
  syncDirectory,
  temporaryName,
  unmount,
} from '#platform'
import { ChainUsers } from './chain-users.ts'
import { formatDiffIds, maxListSize, parseDiffIds } from './lineage.ts'
import { isAbandoned } from './owner-name.ts'
import { replaceFile, writeSynced } from './replace-file.ts'
import type { SnapshotRecord } from './snapshotter.ts'

/** `node:fs`, loaded when it is needed: mounting for a container does not. */
const fs = (): typeof import('node:fs') => process.getBuiltinModule('node:fs')

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
  readonly #users: ChainUsers
  readonly #marker: 'tree' | 'layers'
  #ready = false

  constructor(root: string, run: string, marker: 'tree' | 'layers' = 'tree') {
    this.root = root
    this.run = run
    this.#users = new ChainUsers(run)
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

  mountPoint(name: string): string {
    return this.#users.mountPoint(name)
  }

  /** Where a chain is mounted for all who use it. */
  sharedMountPoint(chainId: Digest): string {
    return this.#users.sharedMountPoint(chainId)
  }

  /**
   * Mounts `name`, which needs `chainId`: `mount` gets the lineage, and no other
   * process can remove any of it before the mount stands, nor while it does; nor
   * mount anything meanwhile.
   */
  use(chainId: Digest | null, name: string, mount: (lineage: readonly Digest[]) => void): void {
    this.makeReady()
    using _lock = this.#lock()
    if (chainId === null) {
      mount([])
      return
    }
    const lineage = this.lineage(chainId)
    const isNew = this.#users.add(chainId, name)
    try {
      mount(lineage)
    } catch (error) {
      if (isNew) this.unuse(chainId, name)
      throw error
    }
  }

  /** The mount `name` is gone. */
  unuse(chainId: Digest, name: string): void {
    this.#users.remove(chainId, name)
  }

  /** Runs `action` while no other process takes, removes or commits anything. It must be short. */
  exclusively<T>(action: () => T): T {
    this.makeReady()
    using _lock = this.#lock()
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
      using _lock = this.#lock()
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

  /**
   * Removes chains in the order given, as far as that goes; `alsoRemove` names
   * folders of files that are of no use then, to be moved out under the same
   * lock and freed soon.
   */
  async remove(
    chainIds: readonly Digest[],
    alsoRemove: () => readonly string[] = () => [],
  ): Promise<void> {
    this.makeReady()
    const moved = this.exclusively(() => this.#takeOut(chainIds, alsoRemove))
    if (moved.chains.length > 0) await syncDirectory(`${this.root}/chains`)
    for (const trash of moved.chains) await removeTree(trash)
    if (moved.files.length > 0 || moved.mounts.length > 0) {
      const { freeLater } = await import('./free-later.ts')
      await freeLater(moved.files, moved.mounts)
    }
    if (moved.conflict !== undefined) throw moved.conflict
  }

  #takeOut(
    chainIds: readonly Digest[],
    alsoRemove: () => readonly string[],
  ): { chains: string[]; files: string[]; mounts: number[]; conflict?: StrakeError } {
    const chains: string[] = []
    const mounts: number[] = []
    const children = this.#childrenByParent()
    const finish = (): string[] =>
      chains.length === 0 ? [] : alsoRemove().map((path) => this.#discard(path))
    for (const chainId of chainIds) {
      if (!this.has(chainId)) continue
      const reason = this.#reasonToKeep(chainId, children)
      if (reason !== undefined) {
        const message = `Cannot remove snapshot ${chainId}: ${reason}`
        return { chains, files: finish(), mounts, conflict: new StrakeError('CONFLICT', message) }
      }
      const mount = this.sharedMountPoint(chainId)
      // The last one to let go of a mount waits until the kernel has forgotten its files.
      if (isMountPoint(mount)) mounts.push(openFile(mount, openFlag.path | openFlag.directory))
      unmount(mount, { detach: true })
      removeDirectory(mount)
      chains.push(this.#discard(this.folder(chainId)))
      for (const siblings of children.values()) siblings.delete(chainId)
    }
    return { chains, files: finish(), mounts }
  }

  /** Unmounts a shared mount whose files were replaced; what a container has mounted stays. Says who keeps it. */
  releaseMount(chainId: Digest): readonly string[] {
    return this.exclusively(() => this.#users.release(chainId))
  }

  #childrenByParent(): ReadonlyMap<string, Set<Digest>> {
    const children = new Map<string, Set<Digest>>()
    for (const chainId of this.all()) {
      const parent = this.#parentOf(chainId)
      if (parent === null) continue
      const siblings = children.get(parent) ?? new Set()
      children.set(parent, siblings.add(chainId))
    }
    return children
  }

  /**
   * Takes a chain that is damaged out of use: whoever needs it makes it again.
   * Returns the mounts that still show it.
   */
  setAside(chainId: Digest): readonly string[] {
    return this.exclusively(() => {
      const users = this.#users.release(chainId)
      this.#discard(this.folder(chainId))
      return users
    })
  }

  #discard(path: string): string {
    const trash = `${this.root}/trash/${temporaryName()}`
    renamePath(path, trash)
    return trash
  }

  /** Every chain with its parent, in no order; one that is removed meanwhile may be left out. */
  *list(): Generator<Pick<SnapshotRecord, 'chainId' | 'parent'>> {
    for (const chainId of this.all()) {
      if (this.has(chainId)) yield { chainId, parent: this.#parentOf(chainId) }
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
   * Takes away what processes left that are gone, and shared mounts that nobody
   * uses; `unneeded` names what else can go, asked under the lock. Says how many
   * things went.
   */
  async cleanStale(unneeded: () => readonly string[] = () => []): Promise<number> {
    let count = this.#users.unmountAbandoned()
    for (const name of this.entries('staging').filter(isAbandoned)) {
      await removeTree(this.staging(name))
      count += 1
    }
    count += this.#users.forgetStale()
    if (pathExists(`${this.root}/chains`)) {
      using _lock = this.#lock()
      count += this.#users.releaseUnused()
      for (const path of unneeded()) this.#discard(path)
    }
    for (const name of this.entries('trash')) {
      await removeTree(`${this.root}/trash/${name}`)
      count += 1
    }
    return count
  }

  /**
   * Makes what is missing. Nobody but root may enter: a layer's setuid programs
   * and devices lie here.
   */
  makeReady(): void {
    if (this.#ready) return
    makeDirectories(this.root, 0o700)
    for (const folder of ['chains', 'staging', 'trash']) {
      if (makeDirectory(`${this.root}/${folder}`, 0o700))
        changeMode(`${this.root}/${folder}`, 0o700)
    }
    this.#users.makeReady(() => this.#lock())
    this.#ready = true
  }

  #lock(): Disposable {
    return lockFile(`${this.root}/chains/.lock`)
  }

  #reasonToKeep(
    chainId: Digest,
    children: ReadonlyMap<string, ReadonlySet<Digest>>,
  ): string | undefined {
    const [child] = children.get(chainId) ?? []
    if (child !== undefined) return `snapshot ${child} stands on it`
    const [user] = this.#users.of(chainId)
    return user === undefined ? undefined : `${user} uses it`
  }

  /** `null` also when the list of the chain is damaged. */
  #parentOf(chainId: Digest): Digest | null {
    return chainIds(this.findDiffIds(chainId) ?? []).at(-2) ?? null
  }
}

function digestOfHex(hex: string): string {
  const algorithm = { 64: 'sha256', 96: 'sha384', 128: 'sha512' }[hex.length] ?? 'none'
  return `${algorithm}:${hex}`
}
