import { type Digest, isDigest } from '#oci'
import {
  isMountPoint,
  lockDirectory,
  makeDirectory,
  mountBind,
  removeDirectory,
  unmount,
} from '#platform'
import { ChainUsers, imagePrefix } from './chain-users.ts'
import type { Snapshotter } from './snapshotter.ts'

/**
 * Read-only mounts of images that outlive the process that made them. Their paths are made of
 * image IDs alone, in a directory that only root may enter.
 */
export class ImageMounts {
  readonly #users: ChainUsers

  /** `run` is the directory of the snapshots' mounts (`$STRAKE_RUN`). */
  constructor(run: string) {
    this.#users = new ChainUsers(run)
  }

  /** Returns where an image is mounted; `undefined` if it is not. */
  find(imageId: Digest): string | undefined {
    const path = this.#users.mountPoint(nameOf(imageId))
    return isMountPoint(path) ? path : undefined
  }

  /** Returns the IDs of the mounted images. */
  list(): readonly Digest[] {
    const names = this.#users.mounted(imagePrefix)
    return names.map((name) => name.slice(imagePrefix.length).replace('-', ':')).filter(isDigest)
  }

  /**
   * Mounts the file system `chainId` for an image, unless the image is mounted, and returns the
   * path. Devices and setuid have no effect there. Throws `NOT_FOUND` without the file system.
   */
  async mount(imageId: Digest, chainId: Digest, snapshots: Snapshotter): Promise<string> {
    const name = nameOf(imageId)
    const path = this.#users.mountPoint(name)
    await using view = await snapshots.view(chainId)
    using _lock = await this.#lock()
    if (!isMountPoint(path)) {
      makeDirectory(path, 0o700)
      try {
        mountBind(view.root, path, { readOnly: true, noSuid: true, noDev: true })
      } catch (error) {
        removeDirectory(path)
        throw error
      }
    }
    // Last: a note without its mount is forgotten by the next process that cleans up.
    this.#users.add(chainId, name)
    return path
  }

  /**
   * Unmounts an image; returns `false` if it is not mounted. Throws `EBUSY` while a process uses
   * the mount; with `detach` the kernel ends it after its last user.
   */
  async unmount(imageId: Digest, options: { readonly detach: boolean }): Promise<boolean> {
    const path = this.find(imageId)
    if (path === undefined) return false
    using _lock = await this.#lock()
    if (!unmount(path, options)) return false
    removeDirectory(path)
    this.#users.forget(nameOf(imageId))
    return true
  }

  /** One process at a time mounts or unmounts images. */
  #lock(): Promise<Disposable> {
    return lockDirectory(`${this.#users.run}/mounts`)
  }
}

function nameOf(imageId: Digest): string {
  return `${imagePrefix}${imageId.replace(':', '-')}`
}
