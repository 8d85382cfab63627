import { type Digest, digestHex, isDigest, StrakeError } from '#oci'
import {
  changeMode,
  isMountPoint,
  lockFile,
  makeDirectories,
  makeDirectory,
  mountBind,
  mountOf,
  pathExists,
  readSmallFile,
  removeDirectory,
  removeTree,
  renamePath,
  syncDirectory,
  syncFilesystem,
  temporaryName,
} from '#platform'
import { isAbandoned } from './owner-name.ts'

/** `node:fs`, loaded when it is needed: mounting for a container does not. */
const fs = (): typeof import('node:fs') => process.getBuiltinModule('node:fs')

/**
 * Where committed trees lie, and who uses them.
 *
 *     root/chains/<hex>/tree      that layer's own changes, as overlayfs keeps them
 *     root/chains/<hex>/parents   the chain IDs below it, nearest first, one a line
 *     root/staging/<name>/        an active snapshot
 *     root/trash/                 on its way out
 *     run/mounts/<name>/          mount points
 *     run/users/<hex>.<name>/     the chain <hex> is needed by the mount <name>
 *
 * A chain exists exactly when its folder does: it appears by rename after
 * everything in it was synced, and leaves by rename. Taking a chain into use and
 * removing one exclude each other by one short lock.
 */
export class ChainFolder {
  readonly root: string
  readonly run: string
  #ready = false

  constructor(root: string, run: string) {
    this.root = root
    this.run = run
  }

  /** The chain `chainId` and what lies below it, nearest first. Throws `NOT_FOUND`. */
  lineage(chainId: Digest): Digest[] {
    const parents = readSmallFile(`${this.#folder(chainId)}/parents`)
    if (parents === undefined) {
      throw new StrakeError(
        'NOT_FOUND',
        `Cannot use snapshot ${chainId}: there is no such snapshot`,
        {
          remedy: 'pull or build the image again',
        },
      )
    }
    return [chainId, ...parents.split('\n').filter(isDigest)]
  }

  tree(chainId: Digest): string {
    return `${this.#folder(chainId)}/tree`
  }

  has(chainId: Digest): boolean {
    return pathExists(this.#folder(chainId))
  }

  staging(name: string): string {
    return `${this.root}/staging/${name}`
  }

  mountPoint(name: string): string {
    return `${this.run}/mounts/${name}`
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
    const isNew = makeDirectory(this.#userNote(chainId, name), 0o700)
    try {
      mount(lineage)
    } catch (error) {
      if (isNew) this.unuse(chainId, name)
      throw error
    }
  }

  /** The mount `name` is gone. */
  unuse(chainId: Digest, name: string): void {
    removeDirectory(this.#userNote(chainId, name))
  }

  /**
   * Makes the folder of an active snapshot the one of `chainId`. `false` when
   * somebody was quicker; the folder is then still there.
   */
  async commit(name: string, chainId: Digest, parents: readonly Digest[]): Promise<boolean> {
    const folder = this.staging(name)
    fs().writeFileSync(`${folder}/parents`, parents.map((each) => `${each}\n`).join(''))
    await syncFilesystem(folder)
    const target = this.#folder(chainId)
    {
      using _lock = this.#lock()
      for (const parent of parents.slice(0, 1)) this.lineage(parent)
      if (pathExists(target)) return false
      renamePath(folder, target)
    }
    await syncDirectory(`${this.root}/chains`)
    return true
  }

  async remove(chainId: Digest): Promise<void> {
    const trash = `${this.root}/trash/${temporaryName()}`
    this.makeReady()
    {
      using _lock = this.#lock()
      if (!this.has(chainId)) return
      const reason = this.#reasonToKeep(chainId)
      if (reason !== undefined) {
        throw new StrakeError('CONFLICT', `Cannot remove snapshot ${chainId}: ${reason}`)
      }
      renamePath(this.#folder(chainId), trash)
    }
    await syncDirectory(`${this.root}/chains`)
    await removeTree(trash)
  }

  /** Every chain, in no order. */
  list(): Digest[] {
    if (!pathExists(`${this.root}/chains`)) return []
    return fs().readdirSync(`${this.root}/chains`).map(digestOfHex).filter(isDigest)
  }

  /** Names of entries below `staging`, `trash` of the root or `mounts`, `users` of the run directory. */
  entries(folder: 'staging' | 'trash' | 'mounts' | 'users'): string[] {
    const parent = folder === 'mounts' || folder === 'users' ? this.run : this.root
    return pathExists(`${parent}/${folder}`) ? fs().readdirSync(`${parent}/${folder}`) : []
  }

  /** Drops the notes of mounts that are gone, and says how many. */
  forgetStaleUsers(): number {
    const stale = this.entries('users').filter((note) => !this.#isUsed(mountName(note)))
    for (const note of stale) removeDirectory(`${this.run}/users/${note}`)
    return stale.length
  }

  /**
   * Makes what is missing. Nobody but root may enter: a layer's setuid programs
   * and devices lie here. Mounts below a shared mount would appear in, and be
   * kept busy by, every other mount namespace: so theirs is made private.
   */
  makeReady(): void {
    if (this.#ready) return
    makeDirectories(this.root, 0o700)
    for (const folder of ['chains', 'staging', 'trash']) {
      if (makeDirectory(`${this.root}/${folder}`, 0o700))
        changeMode(`${this.root}/${folder}`, 0o700)
    }
    makeDirectories(this.run, 0o755)
    makeDirectory(`${this.run}/users`, 0o700)
    const mounts = `${this.run}/mounts`
    if (!pathExists(mounts)) {
      using _lock = this.#lock()
      const isNew = makeDirectory(mounts, 0o700)
      if (isNew && mountOf(mounts)?.shared) mountBind(mounts, mounts)
    }
    this.#ready = true
  }

  #folder(chainId: Digest): string {
    return `${this.root}/chains/${digestHex(chainId)}`
  }

  #userNote(chainId: Digest, name: string): string {
    return `${this.run}/users/${digestHex(chainId)}.${name}`
  }

  #lock(): Disposable {
    return lockFile(`${this.root}/chains/.lock`)
  }

  #reasonToKeep(chainId: Digest): string | undefined {
    const child = this.list().find((each) => this.lineage(each)[1] === chainId)
    if (child !== undefined) return `snapshot ${child} stands on it`
    const hex = digestHex(chainId)
    const user = this.entries('users').find(
      (note) => note.startsWith(`${hex}.`) && this.#isUsed(mountName(note)),
    )
    return user === undefined ? undefined : `${mountName(user)} uses it`
  }

  #isUsed(name: string): boolean {
    return name.startsWith('container-') ? isMountPoint(this.mountPoint(name)) : !isAbandoned(name)
  }
}

function mountName(note: string): string {
  return note.slice(note.indexOf('.') + 1)
}

function digestOfHex(hex: string): string {
  const algorithm = { 64: 'sha256', 96: 'sha384', 128: 'sha512' }[hex.length] ?? 'none'
  return `${algorithm}:${hex}`
}
