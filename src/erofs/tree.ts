import { fileType } from './format.ts'

/** The attributes of every inode. */
export interface InodeAttributes {
  /** Type (`S_IFMT`) and permission bits. */
  mode: number
  uid: number
  gid: number
  mtime: number
  mtimeNanoseconds: number
}

/**
 * An inode other than a directory. A file with several names is one `Inode` in
 * several directories.
 */
export class Inode implements InodeAttributes {
  mode: number
  uid: number
  gid: number
  mtime: number
  mtimeNanoseconds: number
  /** Bytes of a file's contents or of a link's target. */
  size = 0
  /** For a file with contents: index into the tree's devices (else -1), and its first block there. */
  device = -1
  block = 0
  /** For a device node: major and minor number in the kernel's 32-bit coding. */
  rdev = 0
  /** For a symbolic link. */
  target = ''
  xattrs: ReadonlyMap<string, Uint8Array> | undefined
  /** Number of the layer that brought its name; 0 when the tree was read with it. */
  layer = 0
  /** Position in the writer's list of inodes. */
  index = -1

  constructor({ mode, uid, gid, mtime, mtimeNanoseconds }: InodeAttributes) {
    this.mode = mode
    this.uid = uid
    this.gid = gid
    this.mtime = mtime
    this.mtimeNanoseconds = mtimeNanoseconds
  }
}

/** A directory. It has one name and one parent. */
export class Directory extends Inode {
  readonly children: Map<string, Inode> = new Map()
  /** The root is its own parent. */
  readonly parent: Directory
  readonly name: string
  /** Length of its path from the root in bytes. */
  readonly pathLength: number
  /** While a layer is applied: the names that it gave to files of lower layers. */
  linked: Set<string> | undefined

  constructor(
    attributes: InodeAttributes,
    place?: { readonly parent: Directory; readonly name: string; readonly nameLength: number },
  ) {
    super(attributes)
    this.parent = place?.parent ?? this
    this.name = place?.name ?? ''
    this.pathLength = place === undefined ? 0 : place.parent.pathLength + 1 + place.nameLength
  }
}

/** A file with the contents of files. An index points into it. */
export interface TreeDevice {
  /** The name under which a mount finds the file: 1 to 64 bytes of ASCII. */
  readonly tag: string
  /** Size in whole 512-byte blocks. */
  blocks: number
}

/**
 * A file system in memory without contents: directories, inodes, and the device and
 * position of their contents. It takes about 0.4 KB per entry.
 */
export interface Tree {
  readonly root: Directory
  readonly devices: TreeDevice[]
  /** Layers applied since the tree was made. */
  layers: number
}

/** Returns an empty file system: a root directory of mode 0755 and the time 0. */
export function createTree(): Tree {
  return { root: new Directory(implicitDirectory), devices: [], layers: 0 }
}

/** The attributes of a directory that no archive describes. */
export const implicitDirectory: Readonly<InodeAttributes> = {
  mode: fileType.directory | 0o755,
  uid: 0,
  gid: 0,
  mtime: 0,
  mtimeNanoseconds: 0,
}
