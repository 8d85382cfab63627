import { fileType } from './format.ts'

/** The attributes every inode has. */
export interface InodeAttributes {
  /** Type (`S_IFMT`) and permission bits. */
  mode: number
  uid: number
  gid: number
  mtime: number
  mtimeNanoseconds: number
}

/**
 * Anything with a name, except directories. Several names of one file are one
 * `Inode` in several directories.
 */
export class Inode implements InodeAttributes {
  mode: number
  uid: number
  gid: number
  mtime: number
  mtimeNanoseconds: number
  /** Bytes of a file's contents or of a link's target. */
  size = 0
  /** Of a file with contents: index into the tree's devices, else -1; and its first block there. */
  device = -1
  block = 0
  /** Of a device node: major and minor number, as the kernel codes them in 32 bits. */
  rdev = 0
  /** Of a symbolic link. */
  target = ''
  xattrs: ReadonlyMap<string, Uint8Array> | undefined
  /** Which of the tree's layers brought its name; 0 is none of those applied since it was made. */
  layer = 0
  /** Place in the list that a writer makes of all inodes. */
  index = -1

  constructor({ mode, uid, gid, mtime, mtimeNanoseconds }: InodeAttributes) {
    this.mode = mode
    this.uid = uid
    this.gid = gid
    this.mtime = mtime
    this.mtimeNanoseconds = mtimeNanoseconds
  }
}

/** A directory; it has one name and one parent. */
export class Directory extends Inode {
  readonly children: Map<string, Inode> = new Map()
  /** The root is its own parent. */
  readonly parent: Directory
  readonly name: string
  /** Bytes of its path from the root. */
  readonly pathLength: number
  /** While a layer is applied: names that it gave to files of the layers below. */
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

/** A file that holds the contents of files; an index points into it. */
export interface TreeDevice {
  /** What the file is found by: 1 to 64 bytes of ASCII. */
  readonly tag: string
  /** Whole 512-byte blocks of it. */
  blocks: number
}

/**
 * A filesystem in memory, without contents: directories, inodes, and where in
 * which device their contents lie. About 0.4 KB for each entry.
 */
export interface Tree {
  readonly root: Directory
  readonly devices: TreeDevice[]
  /** Layers applied since the tree was made. */
  layers: number
}

/** The empty filesystem: a root directory as every program expects it, of 1970. */
export function createTree(): Tree {
  return { root: new Directory(implicitDirectory), devices: [], layers: 0 }
}

/** What a directory is like that no archive describes. */
export const implicitDirectory: Readonly<InodeAttributes> = {
  mode: fileType.directory | 0o755,
  uid: 0,
  gid: 0,
  mtime: 0,
  mtimeNanoseconds: 0,
}
