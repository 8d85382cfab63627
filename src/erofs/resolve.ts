import { baseName, encodeName, parentPath } from '#tar'
import { fileType } from './format.ts'
import { Directory, type Inode, implicitDirectory } from './tree.ts'

/**
 * Why a layer cannot be applied, in the kernel's words for an unpacker. The caller
 * knows the entry and turns this into an `INVALID` error.
 */
export class LayerFault extends Error {}

export const fault = {
  notDirectory: 'not a directory',
  tooManyLinks: 'too many levels of symbolic links',
  nameTooLong: 'file name too long',
  invalid: 'invalid argument',
  missing: 'no such file or directory',
  valueTooLong: 'argument list too long',
  outOfRange: 'numerical result out of range',
} as const

/** The kernel's limits. */
const [mostLinks, longestName] = [40, 255]
/** Bytes of a path, and of a link's target. */
export const longestPath = 4095

/**
 * Resolves `path` with `root` as `/`. Follows links as the kernel does; absolute links and `..`
 * stay inside the root. Returns `undefined` when a component is missing, and throws `LayerFault`
 * when one is not a directory.
 */
export function resolveDirectory(root: Directory, path: string): Directory | undefined {
  return walk(root, root, { path, links: 0 })
}

interface Walk {
  path: string
  /** Links followed so far, nested ones included. */
  links: number
}

function walk(root: Directory, start: Directory, state: Walk): Directory | undefined {
  let at = start
  const { path } = state
  for (let from = 0; from <= path.length; ) {
    const slash = path.indexOf('/', from)
    const end = slash === -1 ? path.length : slash
    const name = path.slice(from, end)
    from = end + 1
    if (name === '' || name === '.') continue
    if (name === '..') {
      at = at.parent
      continue
    }
    const child = at.children.get(name)
    const next = child === undefined ? missing(name) : enter(root, at, { child, state })
    if (next === undefined) return undefined
    at = next
  }
  return at
}

function missing(name: string): undefined {
  nameLength(name)
}

function enter(
  root: Directory,
  at: Directory,
  { child, state }: { readonly child: Inode; readonly state: Walk },
): Directory | undefined {
  if (child instanceof Directory) return child
  if ((child.mode & fileType.mask) !== fileType.symlink) throw new LayerFault(fault.notDirectory)
  if (state.links === mostLinks) throw new LayerFault(fault.tooManyLinks)
  const nested = { path: child.target, links: state.links + 1 }
  const found = walk(root, child.target.startsWith('/') ? root : at, nested)
  state.links = nested.links
  return found
}

/**
 * Like `resolveDirectory`, but creates missing directories: mode 0755, owner root. Also creates the
 * target of a dangling link.
 */
export function makeDirectories(root: Directory, path: string): Directory {
  return resolveDirectory(root, path) ?? makeMissing(root, path, 0)
}

/**
 * Creates the first missing component of `path` and all after it. `path` may contain `..` from
 * links.
 */
function makeMissing(root: Directory, path: string, links: number): Directory {
  const above = parentPath(path)
  const parent = resolveDirectory(root, above) ?? makeMissing(root, above, links)
  const name = baseName(path)
  if (name === '' || name === '.' || name === '..') {
    const found = resolveDirectory(root, path)
    if (found === undefined) throw new LayerFault(fault.missing)
    return found
  }
  const taken = parent.children.get(name)
  if (taken === undefined) {
    const made = childDirectory(parent, name)
    parent.children.set(name, made)
    return made
  }
  if ((taken.mode & fileType.mask) !== fileType.symlink) throw new LayerFault(fault.invalid)
  // The name exists but does not resolve: a dangling link. Create its target.
  if (links === mostLinks) throw new LayerFault(fault.tooManyLinks)
  const { target } = taken
  const next = target.startsWith('/') ? target : `${above}/${target}`
  const trimmed = next.replace(/^\/+|\/+$/g, '')
  return resolveDirectory(root, trimmed) ?? makeMissing(root, trimmed, links + 1)
}

/** Returns a new directory for `name` in `parent`. Throws `LayerFault` where the kernel would refuse it. */
export function childDirectory(
  parent: Directory,
  name: string,
  attributes: Readonly<
    Pick<Inode, 'mode' | 'uid' | 'gid' | 'mtime' | 'mtimeNanoseconds'>
  > = implicitDirectory,
): Directory {
  const length = nameLength(name)
  const made = new Directory(attributes, { parent, name, nameLength: length })
  // A longer path could not be named, and deeper trees could overflow the stack of a walk.
  if (made.pathLength > longestPath) throw new LayerFault(fault.nameTooLong)
  return made
}

/** Returns the bytes of a name. Throws `LayerFault` for a name that no directory can hold. */
export function nameLength(name: string): number {
  const length = name.length * 3 <= longestName ? byteLength(name) : encodeName(name).length
  if (length > longestName) throw new LayerFault(fault.nameTooLong)
  return length
}

/** Returns how many bytes `encodeName` makes of a name. */
export function byteLength(name: string): number {
  for (let i = 0; i < name.length; i++) {
    if (name.charCodeAt(i) >= 0x80) return encodeName(name).length
  }
  return name.length
}
