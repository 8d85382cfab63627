import { type Digest, digestHex } from '#oci'
import {
  fs,
  isMountPoint,
  isSystemError,
  makeDirectories,
  makeDirectory,
  mountBind,
  mountOf,
  pathExists,
  removeDirectory,
  unmount,
} from '#platform'
import { isAbandoned } from './owner-name.ts'

const sharedPrefix = 'chain-'
/** The mount point of a container ends with the last part of its directory. */
export const containerPrefix = 'container-'
/** The mount point of an image that a user mounted ends with its ID. */
export const imagePrefix = 'image-'
/** Mounts that outlive the process that made them. */
const lasting = [containerPrefix, imagePrefix]

/**
 * The mounts, and the chains that each of them needs.
 *
 *     run/mounts/<name>/          mount points
 *     run/mounts/chain-<hex>/     erofs: the chain, mounted once for all its users
 *     run/mounts/image-<id>/      an image that a user mounted
 *     run/users/<hex>.<name>/     the chain <hex> is needed by the mount <name>
 *
 * A note counts while its mount exists or its process lives. A process must hold the lock of the
 * chains to write a note, or to act because there is none.
 */
export class ChainUsers {
  readonly run: string

  constructor(run: string) {
    this.run = run
  }

  mountPoint(name: string): string {
    return `${this.run}/mounts/${name}`
  }

  /** Where a chain is mounted for all its users. */
  sharedMountPoint(chainId: Digest): string {
    return this.mountPoint(`${sharedPrefix}${digestHex(chainId)}`)
  }

  /** Notes that the mount `name` needs a chain; returns false when there was such a note. */
  add(chainId: Digest, name: string): boolean {
    return makeDirectory(this.#note(chainId, name), 0o700)
  }

  remove(chainId: Digest, name: string): void {
    removeDirectory(this.#note(chainId, name))
  }

  /** Removes every note of the mount `name`. */
  forget(name: string): void {
    const notes = this.#entries('users').filter((note) => mountName(note) === name)
    for (const note of notes) removeDirectory(`${this.run}/users/${note}`)
  }

  /** Names of the mounts whose names begin with `prefix`. */
  mounted(prefix: string): readonly string[] {
    const names = this.#entries('mounts').filter((name) => name.startsWith(prefix))
    return names.filter((name) => isMountPoint(this.mountPoint(name)))
  }

  /** Names of the mounts that need a chain. */
  of(chainId: Digest): readonly string[] {
    const hex = digestHex(chainId)
    return this.#entries('users')
      .filter((note) => note.startsWith(`${hex}.`))
      .map(mountName)
      .filter((name) => this.#isUsed(name))
  }

  /**
   * Unmounts a shared mount whose files were replaced. The mounts of containers and users stay.
   * Returns the names of the mounts that still use it.
   */
  release(chainId: Digest): readonly string[] {
    const users = this.of(chainId)
    if (users.every(isLasting)) {
      unmount(this.sharedMountPoint(chainId), { detach: true })
      removeDirectory(this.sharedMountPoint(chainId))
    }
    return users
  }

  /**
   * Unmounts what ended processes and removed containers have left. Returns the number of mounts.
   */
  unmountAbandoned(): number {
    let count = 0
    for (const name of this.#entries('mounts')) {
      if (!isAbandoned(name) && !this.#isWithoutDirectory(name)) continue
      while (unmount(this.mountPoint(name), { detach: true })) count += 1
      removeDirectory(this.mountPoint(name))
    }
    return count
  }

  forgetStale(): number {
    const stale = this.#entries('users').filter((note) => !this.#isUsed(mountName(note)))
    for (const note of stale) removeDirectory(`${this.run}/users/${note}`)
    return stale.length
  }

  /** Unmounts the chains that no mount needs; a mount that is busy anyway stays. */
  releaseUnused(): number {
    const used = new Set(this.#entries('users').map((note) => note.slice(0, note.indexOf('.'))))
    const shared = this.#entries('mounts').filter((name) => name.startsWith(sharedPrefix))
    let count = 0
    for (const name of shared) {
      if (used.has(name.slice(sharedPrefix.length))) continue
      try {
        if (unmount(this.mountPoint(name))) count += 1
        removeDirectory(this.mountPoint(name))
      } catch (error) {
        if (!isSystemError(error, 'EBUSY')) throw error
      }
    }
    return count
  }

  /**
   * Creates missing folders; only one process at a time may do that, under `lock`. A mount below a
   * shared mount propagates to every other mount namespace, and each copy keeps it busy. That is
   * why `mounts` becomes a private mount.
   */
  async makeReady(lock: () => Promise<Disposable>): Promise<void> {
    makeDirectories(this.run, 0o700)
    makeDirectory(`${this.run}/users`, 0o700)
    const mounts = `${this.run}/mounts`
    if (pathExists(mounts)) return
    using _lock = await lock()
    const isNew = makeDirectory(mounts, 0o700)
    if (isNew && mountOf(mounts)?.shared) mountBind(mounts, mounts)
  }

  #note(chainId: Digest, name: string): string {
    return `${this.run}/users/${digestHex(chainId)}.${name}`
  }

  #entries(folder: 'mounts' | 'users'): string[] {
    const path = `${this.run}/${folder}`
    return pathExists(path) ? fs().readdirSync(path) : []
  }

  /**
   * Whether a container's mount writes to a directory that no longer exists. False where the kernel
   * does not show the directory.
   */
  #isWithoutDirectory(name: string): boolean {
    if (!name.startsWith(containerPrefix)) return false
    const target = this.mountPoint(name)
    if (!isMountPoint(target)) return false
    const options = mountOf(target)?.superOptions
    const upper = options?.find((option) => option.startsWith('upperdir=/'))?.slice(9)
    const end = `/${name.slice(containerPrefix.length)}/upper`
    return upper?.endsWith(end) === true && !pathExists(upper)
  }

  #isUsed(name: string): boolean {
    return isLasting(name) ? isMountPoint(this.mountPoint(name)) : !isAbandoned(name)
  }
}

function isLasting(name: string): boolean {
  return lasting.some((prefix) => name.startsWith(prefix))
}

function mountName(note: string): string {
  return note.slice(note.indexOf('.') + 1)
}
