import { explained, extractFile, extractSpecial, extractSymlink, setMetadata } from '#layer'
import { StrakeError } from '#oci'
import { fileType, isSystemError, treeCalls, typeOf } from '#platform'
import { baseName, cleanPath, encodeName, parentPath, printableName, travellingTime } from '#tar'
import { copyContents } from './contents.ts'
import { Descent, refuseReadOnly } from './descent.ts'
import { below } from './paths.ts'
import type { CopyEntry } from './read-tree.ts'
import type { Directory, TreeRules } from './tree.ts'

export interface WriteTreeOptions {
  /** The owner of every file. Default: the owner of each entry. */
  readonly owner?: { readonly uid: number; readonly gid: number } | undefined
  /**
   * Leaves out devices, setuid and setgid bits and file capabilities. For files of a container that
   * other users of this machine can reach.
   */
  readonly isPlain?: boolean | undefined
  readonly warn: (message: string) => void
  /** Called with the number of bytes that were written since the last call. */
  readonly copied: (bytes: number) => void
  readonly signal?: AbortSignal | undefined
}

/** How often a name is tried again that another process creates at the same time. */
const mostAttempts = 16
const setIdBits = 0o6000

/**
 * Writes entries below a directory. They may come from a hostile archive, and other processes may
 * change the tree during the copy: nothing outside the tree is written or changed. An existing file
 * is replaced, never written into. A directory never replaces a file, nor a file a directory.
 */
export class TreeWriter implements Disposable {
  readonly #tree: TreeRules
  readonly #options: WriteTreeOptions
  readonly #descent: Descent
  /** A second walk, for the targets of hard links: the first one stays in its directory. */
  readonly #targets: Descent
  /** Identities of the symbolic links that this copy has made. */
  readonly #links = new Set<string>()
  /** The times of the directories, which are set at the end, by clean path. */
  readonly #times = new Map<string, { readonly seconds: number; readonly nanoseconds: number }>()

  constructor(tree: TreeRules, base: Directory, options: WriteTreeOptions) {
    this.#tree = tree
    this.#options = options
    const shared = {
      tree,
      base,
      isOwnLink: (identity: string) => this.#links.has(identity),
      made: ({ fd }: Directory) => {
        const { uid, gid } = options.owner ?? { uid: 0, gid: 0 }
        treeCalls.setOwner(fd, uid, gid)
        treeCalls.setMode(fd, 0o755)
      },
    }
    this.#descent = new Descent(shared)
    this.#targets = new Descent(shared)
  }

  async write(entry: CopyEntry): Promise<void> {
    const path = cleanPath(entry.path)
    try {
      if (path === undefined) throw refusal(entry, 'its path leaves the directory')
      // The directory that the files are copied into keeps its own owner, mode and time.
      if (path === '') {
        if (entry.type !== 'directory') throw refusal(entry, 'it has no name')
        return
      }
      if (entry.type === 'directory') this.#directory(entry, path)
      else await this.#file(entry, path)
    } catch (error) {
      throw explained(error, `Cannot copy ${printableName(entry.path)}`)
    }
  }

  /** Sets the times of the directories. No entry may be written after it. */
  finish(): void {
    for (const [path, time] of this.#times) {
      const directory = this.#descent.open(path, 'absent')
      if (directory !== undefined) treeCalls.setTime(directory.fd, time.seconds, time.nanoseconds)
    }
  }

  [Symbol.dispose](): void {
    this.#descent[Symbol.dispose]()
    this.#targets[Symbol.dispose]()
  }

  #directory(entry: CopyEntry, path: string): void {
    const parent = this.#descent.open(parentPath(path), 'make')
    const name = encodeName(baseName(path))
    const isCovered = this.#tree.coverAt(below(parent.path, baseName(path))) !== undefined
    if (!isCovered) {
      refuseReadOnly(parent)
      const found = treeCalls.makeDirectory(parent.fd, name)
        ? undefined
        : treeCalls.entryStatus(parent.fd, name)
      if (found !== undefined && typeOf(found.mode) !== fileType.directory) {
        throw refusal(entry, 'a directory cannot replace a file')
      }
    }
    const directory = this.#descent.open(path, 'make')
    if (directory.readOnly) return
    setMetadata(directory.fd, this.#changed(entry), this.#extracting())
    this.#times.set(path, travellingTime(entry, this.#options.warn))
  }

  async #file(entry: CopyEntry, path: string): Promise<void> {
    const directory = this.#descent.open(parentPath(path), 'make')
    const name = baseName(path)
    if (this.#tree.coverAt(below(directory.path, name)) !== undefined) throw mounted(entry)
    refuseReadOnly(directory)
    for (let attempt = 0; attempt < mostAttempts; attempt++) {
      if (await this.#make(entry, directory, encodeName(name))) return
      this.#remove(entry, directory, encodeName(name))
      this.#descent.forget(path)
    }
    throw refusal(entry, 'another process creates it at the same time')
  }

  /** Returns `false`, without reading the contents, when the name exists. */
  async #make(entry: CopyEntry, directory: Directory, name: Uint8Array): Promise<boolean> {
    const options = { ...this.#extracting(), name }
    switch (entry.type) {
      case 'file':
        return await this.#contents(entry, directory, name)
      case 'symlink': {
        const made = extractSymlink(this.#changed(entry), directory, options)
        const status = made ? treeCalls.entryStatus(directory.fd, name) : undefined
        if (status !== undefined) this.#links.add(status.identity)
        return made
      }
      case 'hardlink':
        return await this.#hardlink(entry, directory, name)
      default:
        if (this.#options.isPlain && entry.type !== 'fifo') {
          this.#options.warn(`The device ${printableName(entry.path)} is left out`)
          return true
        }
        return extractSpecial(this.#changed(entry), directory, options)
    }
  }

  async #contents(entry: CopyEntry, directory: Directory, name: Uint8Array): Promise<boolean> {
    const { open, size } = entry
    const { copied, signal } = this.#options
    const write =
      open === undefined
        ? undefined
        : async (fd: number) => await copyContents(open, fd, { size, copied, signal })
    const options = { ...this.#extracting(), name, write }
    try {
      return await extractFile(this.#changed(entry), directory, options)
    } catch (error) {
      // Without its contents, for example on a full disk.
      ignoreFailure(() => treeCalls.removeName(directory.fd, name))
      throw error
    }
  }

  async #hardlink(entry: CopyEntry, directory: Directory, name: Uint8Array): Promise<boolean> {
    const target = cleanPath(entry.linkpath)
    const absent = `its target ${printableName(entry.linkpath)} is not in the copy`
    if (target === undefined || target === '') throw refusal(entry, absent)
    const from = this.#targets.open(parentPath(target), 'absent')
    const targetName = encodeName(baseName(target))
    const found = from && treeCalls.entryStatus(from.fd, targetName)
    if (from === undefined || found === undefined) throw refusal(entry, absent)
    if (typeOf(found.mode) === fileType.directory) {
      throw refusal(entry, 'its target is a directory')
    }
    // It is the same file already: removing the name first would remove the file.
    if (treeCalls.entryStatus(directory.fd, name)?.identity === found.identity) return true
    try {
      return treeCalls.makeHardlink(directory.fd, name, { dir: from.fd, name: targetName })
    } catch (error) {
      if (!isSystemError(error, 'EXDEV', 'EMLINK')) throw error
    }
    return await this.#copyAgain(entry, { directory, name, from: from.fd, target: targetName })
  }

  /** A second copy of a file that was copied into another mount. */
  async #copyAgain(
    entry: CopyEntry,
    place: {
      readonly directory: Directory
      readonly name: Uint8Array
      readonly from: number
      readonly target: Uint8Array
    },
  ): Promise<boolean> {
    const fd = treeCalls.openPlace(place.from, place.target)
    const status = fd === undefined ? undefined : treeCalls.entryStatus(fd)
    if (fd === undefined || status === undefined) throw refusal(entry, 'its target is gone')
    try {
      if (typeOf(status.mode) !== fileType.regular) {
        throw refusal(entry, 'it links a special file of another mount')
      }
      const open = treeCalls.openFound(fd)
      try {
        const file: CopyEntry = { ...entry, type: 'file', size: status.size, open }
        return await this.#contents(file, place.directory, place.name)
      } finally {
        treeCalls.closeDescriptor(open)
      }
    } finally {
      treeCalls.closeDescriptor(fd)
    }
  }

  /**
   * Removes a name that is in the way. The kernel would let this process, which is in another mount
   * namespace, remove a file that is a mount point in the container, and would unmount it there.
   */
  #remove(entry: CopyEntry, { fd }: Directory, name: Uint8Array): void {
    if (treeCalls.entryStatus(fd, name)?.isMountRoot) throw mounted(entry)
    try {
      treeCalls.removeName(fd, name)
    } catch (error) {
      if (isSystemError(error, 'EISDIR')) throw refusal(entry, 'a file cannot replace a directory')
      if (isSystemError(error, 'EBUSY')) throw mounted(entry)
      throw error
    }
  }

  /** The entry with the owner and the rights that its copy has. */
  #changed(entry: CopyEntry): CopyEntry {
    const { owner, isPlain } = this.#options
    if (owner === undefined && !isPlain) return entry
    const { xattrs, mode } = entry
    return {
      ...entry,
      ...owner,
      mode: isPlain ? mode & ~setIdBits : mode,
      xattrs: isPlain ? withoutCapability(xattrs) : xattrs,
    }
  }

  #extracting(): {
    readonly acls: boolean
    readonly warn: (message: string) => void
    readonly spend: (bytes: number) => void
  } {
    return { acls: false, warn: this.#options.warn, spend: this.#options.copied }
  }
}

const capability = 'security.capability'

function withoutCapability(xattrs: CopyEntry['xattrs']): CopyEntry['xattrs'] {
  if (!xattrs.has(capability)) return xattrs
  return new Map([...xattrs].filter(([name]) => name !== capability))
}

function refusal({ path }: CopyEntry, reason: string): StrakeError {
  return new StrakeError('INVALID', `Cannot copy ${printableName(path)}: ${reason}`)
}

function mounted(entry: CopyEntry): StrakeError {
  return new StrakeError(
    'INVALID',
    `Cannot copy ${printableName(entry.path)}: another file is mounted in its place`,
    { remedy: 'copy to the source of that mount' },
  )
}

function ignoreFailure(work: () => void): void {
  try {
    work()
  } catch {
    // The failure that led here is the one to report.
  }
}
