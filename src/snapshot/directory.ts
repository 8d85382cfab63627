import { type Digest, StrakeError } from '#oci'
import {
  changeMode,
  copyDirectoryStatus,
  isMountPoint,
  isSystemError,
  makeDirectories,
  makeDirectory,
  maxOverlayLowers,
  mountBind,
  mountOverlay,
  pathExists,
  readMounts,
  realPath,
  removeDirectory,
  removeFile,
  removeTree,
  unmount,
} from '#platform'
import { ChainFolder } from './chain-folder.ts'
import { isAbandoned, ownedName } from './owner-name.ts'
import type {
  ActiveSnapshot,
  ContainerOptions,
  ContainerSnapshot,
  PrepareOptions,
  SnapshotRecord,
  Snapshotter,
  SnapshotView,
} from './snapshotter.ts'
import { treeSize } from './tree-size.ts'

/** Leaves the kernel's limit some room for what is laid over an image. */
const maxLineage = maxOverlayLowers - 20

/** Layers as unpacked trees, stacked by overlayfs. `root` is `$STRAKE_ROOT`, `run` is `$STRAKE_RUN`. */
export class DirectorySnapshots implements Snapshotter {
  readonly kind = 'directory'
  readonly #chains: ChainFolder

  constructor(root: string, run: string) {
    this.#chains = new ChainFolder(root, run)
  }

  async prepare(parent: Digest | null, options: PrepareOptions = {}): Promise<ActiveSnapshot> {
    const chains = this.#chains
    const name = ownedName('active')
    chains.makeReady()
    const staging = chains.staging(name)
    const upper = `${staging}/tree`
    makeDirectory(staging, 0o700)
    makeRoot(upper)
    if (parent === null)
      return new DirectoryActive(chains, { name, upper, root: upper, lineage: [] })
    const root = chains.mountPoint(name)
    const restricted = options.use === 'unpack'
    let lineage: readonly Digest[] = []
    try {
      chains.use(parent, name, (found) => {
        lineage = found
        const work = `${staging}/work`
        makeDirectory(work, 0o700)
        copyDirectoryStatus(chains.tree(parent), upper)
        makeDirectory(root, 0o700)
        mountOverlay(root, {
          lower: this.#trees(lineage),
          upper,
          work,
          volatile: true,
          noSuid: restricted,
          noDev: restricted,
        })
      })
    } catch (error) {
      removeDirectory(root)
      await removeTree(staging)
      throw error
    }
    return new DirectoryActive(chains, { name, upper, root, lineage })
  }

  async container(
    parent: Digest | null,
    directory: string,
    options: ContainerOptions = {},
  ): Promise<ContainerSnapshot> {
    const chains = this.#chains
    const { overlays = [], volatile = false } = options
    makeDirectories(directory, 0o700)
    const real = realPath(directory)
    const upper = `${real}/upper`
    const work = `${real}/work`
    const isNew = makeDirectory(upper, 0o755)
    if (isNew) changeMode(upper, 0o755)
    if (parent === null && overlays.length === 0)
      return { root: upper, upper, [Symbol.asyncDispose]: async () => {} }
    const name = `container-${real.slice(real.lastIndexOf('/') + 1)}`
    const root = chains.mountPoint(name)
    chains.use(parent, name, (lineage) => {
      if (!makeDirectory(root, 0o700) && isMountPoint(root)) {
        refuseOthersMount(root, upper)
        return
      }
      makeDirectory(work, 0o700)
      forgetVolatile(work)
      if (isNew && parent !== null) copyDirectoryStatus(chains.tree(parent), upper)
      const lower = [...overlays, ...this.#trees(lineage)]
      try {
        mountOverlay(root, { lower, upper, work, volatile })
      } catch (error) {
        removeDirectory(root)
        throw error
      }
    })
    return new MountedSnapshot(chains, { root, upper, name, chainId: parent })
  }

  async view(chainId: Digest): Promise<SnapshotView> {
    const name = ownedName('view')
    this.#chains.makeReady()
    const root = this.#chains.mountPoint(name)
    const restrictions = { readOnly: true, noSuid: true, noDev: true }
    makeDirectory(root, 0o700)
    try {
      this.#chains.use(chainId, name, (lineage) => {
        const lower = this.#trees(lineage)
        const [only = ''] = lower
        // Overlayfs wants two directories, or one to write to.
        if (lower.length === 1) mountBind(only, root, restrictions)
        else mountOverlay(root, { lower, ...restrictions })
      })
    } catch (error) {
      removeDirectory(root)
      throw error
    }
    return new MountedSnapshot(this.#chains, { root, upper: '', name, chainId })
  }

  async has(chainId: Digest): Promise<boolean> {
    return this.#chains.has(chainId)
  }

  remove(chainId: Digest): Promise<void> {
    return this.#chains.remove(chainId)
  }

  async *list(): AsyncGenerator<SnapshotRecord> {
    for (const chainId of this.#chains.list()) {
      const [, parent = null] = this.#chains.lineage(chainId)
      yield { chainId, parent, size: await treeSize(this.#chains.tree(chainId)) }
    }
  }

  async cleanStale(): Promise<number> {
    const chains = this.#chains
    let count = 0
    for (const name of chains.entries('mounts')) {
      const root = chains.mountPoint(name)
      if (!isAbandoned(name)) continue
      while (unmount(root, { detach: true })) count += 1
      removeDirectory(root)
    }
    for (const name of chains.entries('staging').filter(isAbandoned)) {
      await removeTree(chains.staging(name))
      count += 1
    }
    for (const name of chains.entries('trash')) {
      await removeTree(`${chains.root}/trash/${name}`)
      count += 1
    }
    return count + chains.forgetStaleUsers()
  }

  #trees(lineage: readonly Digest[]): string[] {
    if (lineage.length > maxLineage) {
      const reason = `it has ${lineage.length} layers, more than the ${maxLineage} that can be stacked`
      throw new StrakeError('UNSUPPORTED', `Cannot mount snapshot ${lineage[0]}: ${reason}`, {
        remedy: 'build the image with fewer instructions that change files',
      })
    }
    return lineage.map((chainId) => this.#chains.tree(chainId))
  }
}

/** A mount that keeps a chain in use; disposing undoes both, once. */
class MountedSnapshot implements ContainerSnapshot {
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

class DirectoryActive implements ActiveSnapshot {
  readonly root: string
  readonly upper: string
  readonly #chains: ChainFolder
  readonly #name: string
  readonly #lineage: readonly Digest[]
  #done = false

  constructor(
    chains: ChainFolder,
    made: { name: string; upper: string; root: string; lineage: readonly Digest[] },
  ) {
    this.#chains = chains
    this.#name = made.name
    this.upper = made.upper
    this.root = made.root
    this.#lineage = made.lineage
  }

  async commit(chainId: Digest): Promise<void> {
    if (this.#done) throw new TypeError(`the snapshot ${this.#name} is committed or discarded`)
    try {
      // Not detached: whoever still has a file open here could change a committed tree.
      this.#unmount(false)
    } catch (error) {
      if (!isSystemError(error, 'EBUSY')) throw error
      throw new StrakeError(
        'CONFLICT',
        `Cannot commit snapshot ${chainId}: a process still uses it`,
        {
          cause: error,
        },
      )
    }
    const staging = this.#chains.staging(this.#name)
    await removeTree(`${staging}/work`)
    const committed = await this.#chains.commit(this.#name, chainId, this.#lineage)
    this.#release()
    if (!committed) await removeTree(staging)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#done) return
    this.#unmount(true)
    this.#release()
    await removeTree(this.#chains.staging(this.#name))
  }

  #unmount(detach: boolean): void {
    if (this.#lineage.length === 0) return
    unmount(this.root, { detach })
    removeDirectory(this.root)
  }

  #release(): void {
    this.#done = true
    const [parent] = this.#lineage
    if (parent !== undefined) this.#chains.unuse(parent, this.#name)
  }
}

/** An empty root directory, with the permissions every program expects of `/`, whatever the umask. */
function makeRoot(path: string): void {
  makeDirectory(path, 0o755)
  changeMode(path, 0o755)
}

/**
 * Lets the kernel mount a volatile upper directory again that was not unmounted:
 * its writer is gone, but the machine is not, so nothing was lost.
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
  const mount = readMounts().findLast(({ target }) => target === realPath(root))
  if (mount?.superOptions.includes(`upperdir=${upper}`)) return
  // Under other names than plain ones the kernel shows a descriptor instead of the path.
  if (mount?.superOptions.some((each) => each.startsWith('upperdir=/proc/self/fd/'))) return
  throw new StrakeError(
    'CONFLICT',
    `Cannot mount ${upper}: another filesystem is mounted at ${root}`,
    {
      remedy: `unmount it with umount ${root}`,
    },
  )
}
