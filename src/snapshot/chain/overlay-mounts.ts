import { type Digest, StrakeError } from '#oci'
import {
  changeMode,
  copyDirectoryStatus,
  isMountPoint,
  isSystemError,
  makeDirectories,
  makeDirectory,
  mountOf,
  mountOverlay,
  pathExists,
  realPath,
  removeDirectory,
  removeFile,
  removeTree,
  treeCalls,
  unmount,
} from '#platform'
import type { ChainFolder } from './chain-folder.ts'
import { containerPrefix } from './chain-users.ts'
import { keepDirectoryStatus } from './keep-status.ts'
import { ownedName } from './owner-name.ts'
import type { ContainerOptions, ContainerSnapshot, PrepareOptions } from './snapshotter.ts'

/**
 * Returns the read-only directories that show a chain, topmost first. Called while no process can
 * remove the chain.
 */
export type LowersOf = (lineage: readonly Digest[]) => readonly string[]

/** Writable overlays above chains, for builds and containers; used by every kind of snapshots. */
export class OverlayMounts {
  readonly #chains: ChainFolder
  readonly #lowersOf: LowersOf

  constructor(chains: ChainFolder, lowersOf: LowersOf) {
    this.#chains = chains
    this.#lowersOf = lowersOf
  }

  /** Creates a staging folder whose `tree` receives the changes above `parent`. */
  async prepare(parent: Digest | null, options: PrepareOptions = {}): Promise<StagedOverlay> {
    const chains = this.#chains
    const name = ownedName('active')
    await chains.makeReady()
    const staging = chains.staging(name)
    const upper = `${staging}/tree`
    makeDirectory(staging, 0o700)
    const root = chains.users.mountPoint(name)
    const restricted = options.use === 'unpack'
    let lineage: readonly Digest[] = []
    try {
      makeRoot(upper)
      if (parent === null) return new StagedOverlay(chains, { name, upper, root: upper, lineage })
      await chains.use(parent, name, (found) => {
        lineage = found
        const work = `${staging}/work`
        makeDirectory(work, 0o700)
        const lower = this.#lowersOf(lineage)
        copyDirectoryStatus(lower[0] ?? upper, upper)
        makeDirectory(root, 0o700)
        const restrictions = { noSuid: restricted, noDev: restricted }
        mountOverlay(root, { lower, upper, work, volatile: true, ...restrictions })
      })
    } catch (error) {
      removeDirectory(root)
      await removeTree(staging)
      throw error
    }
    return new StagedOverlay(chains, { name, upper, root, lineage })
  }

  async container(
    parent: Digest | null,
    directory: string,
    options: ContainerOptions = {},
  ): Promise<ContainerSnapshot> {
    const chains = this.#chains
    const { overlays = [], volatile = false } = options
    // Unmounting must also work on a full disk, so an existing directory is not created again.
    if (!pathExists(directory)) makeDirectories(directory, 0o700)
    const real = realPath(directory)
    const upper = `${real}/upper`
    const work = `${real}/work`
    if (parent === null && overlays.length === 0) {
      makeUpper(upper)
      return { root: upper, upper, [Symbol.asyncDispose]: async () => {} }
    }
    const name = `${containerPrefix}${real.slice(real.lastIndexOf('/') + 1)}`
    const root = chains.users.mountPoint(name)
    if (isMountPoint(root)) {
      // A caller that removes this container need not know which kind of snapshots mounted it.
      refuseOthersMount(root, upper)
      return new MountedSnapshot(chains, { root, upper, name, chainId: parent })
    }
    await chains.use(parent, name, (lineage) => {
      if (isMountPoint(root)) {
        refuseOthersMount(root, upper)
        return
      }
      const below = parent === null ? [] : this.#lowersOf(lineage)
      if (makeUpper(upper, below[0])) keepDirectoryStatus(upper, overlays, below)
      makeDirectory(work, 0o700)
      forgetVolatile(work)
      makeDirectory(root, 0o700)
      try {
        mountOverlay(root, { lower: [...overlays, ...below], upper, work, volatile })
      } catch (error) {
        removeDirectory(root)
        throw error
      }
    })
    return new MountedSnapshot(chains, { root, upper, name, chainId: parent })
  }
}

/** A mount that keeps a chain in use; disposing undoes both, once. */
export class MountedSnapshot implements ContainerSnapshot {
  readonly root: string
  readonly upper: string
  readonly #chains: ChainFolder
  readonly #name: string
  readonly #chainId: Digest | null

  constructor(
    chains: ChainFolder,
    mount: { root: string; upper: string; name: string; chainId: Digest | null },
  ) {
    this.#chains = chains
    this.root = mount.root
    this.upper = mount.upper
    this.#name = mount.name
    this.#chainId = mount.chainId
  }

  async [Symbol.asyncDispose](): Promise<void> {
    unmount(this.root, { detach: true })
    removeDirectory(this.root)
    if (this.#chainId !== null) this.#chains.unuse(this.#chainId, this.#name)
  }
}

/** A staging folder and the overlay that writes to it, until it is committed or discarded. */
export class StagedOverlay {
  readonly root: string
  readonly upper: string
  readonly name: string
  /** The parent and the chains below it, nearest first. */
  readonly lineage: readonly Digest[]
  readonly #chains: ChainFolder
  #done = false

  constructor(
    chains: ChainFolder,
    made: { name: string; upper: string; root: string; lineage: readonly Digest[] },
  ) {
    this.#chains = chains
    this.name = made.name
    this.upper = made.upper
    this.root = made.root
    this.lineage = made.lineage
  }

  /**
   * Ends the writing. Throws `CONFLICT`, and changes nothing, when a process still uses the mount.
   */
  seal(chainId: Digest): void {
    if (this.#done) throw new TypeError(`the snapshot ${this.name} is committed or discarded`)
    try {
      // Not detached: a process with an open file could change the committed tree.
      this.#unmount(false)
    } catch (error) {
      if (!isSystemError(error, 'EBUSY')) throw error
      const message = `Cannot commit snapshot ${chainId}: a process still uses it`
      throw new StrakeError('CONFLICT', message, { cause: error })
    }
  }

  /** Releases the parent. `keep` leaves the folder, which is now a committed chain. */
  async release(folder: 'keep' | 'remove'): Promise<void> {
    this.#done = true
    const [parent] = this.lineage
    if (parent !== undefined) this.#chains.unuse(parent, this.name)
    if (folder === 'remove') await removeTree(this.#chains.staging(this.name))
  }

  async discard(): Promise<void> {
    if (this.#done) return
    this.#unmount(true)
    await this.release('remove')
  }

  #unmount(detach: boolean): void {
    if (this.lineage.length === 0) return
    unmount(this.root, { detach })
    removeDirectory(this.root)
  }
}

/**
 * Creates the directory for a container's changes with the status of its image's root; returns
 * `false` when it exists.
 */
function makeUpper(upper: string, below?: string): boolean {
  if (!makeDirectory(upper, 0o755)) return false
  changeMode(upper, 0o755)
  if (below !== undefined) copyDirectoryStatus(below, upper)
  return true
}

/** Creates an empty root directory with a fixed time (1970) and mode 0755, whatever the umask. */
function makeRoot(path: string): void {
  makeDirectory(path, 0o755)
  changeMode(path, 0o755)
  const fd = treeCalls.openRoot(path)
  treeCalls.setTime(fd, 0, 0)
  treeCalls.closeDescriptor(fd)
}

/**
 * Lets the kernel mount a volatile upper directory again that was not unmounted. Its writer has
 * ended but the machine still runs, so the kernel lost no data.
 */
function forgetVolatile(work: string): void {
  const incompat = `${work}/work/incompat`
  if (!pathExists(incompat)) return
  removeFile(`${incompat}/volatile/dirty`)
  removeDirectory(`${incompat}/volatile`)
  removeDirectory(incompat)
}

/** Two containers whose directories have the same last name would share a mount point. */
function refuseOthersMount(root: string, upper: string): void {
  const mount = mountOf(root)
  if (mount?.superOptions.includes(`upperdir=${upper}`)) return
  // A path with special characters was mounted by descriptor, which the kernel shows instead.
  if (mount?.superOptions.some((each) => each.startsWith('upperdir=/proc/self/fd/'))) return
  throw new StrakeError(
    'CONFLICT',
    `Cannot mount ${upper}: another filesystem is mounted at ${root}`,
    {
      remedy: `unmount it with umount ${root}`,
    },
  )
}
