import { mkdirSync, writeFileSync } from 'node:fs'
import { StrakeError } from '#oci'
import {
  type BindOptions,
  isSystemError,
  mountBind,
  mountBindAt,
  mountTmpfs,
  openFile,
  openFlag,
  removeTree,
  treeCalls,
  unmount,
} from '#platform'
import { ContainerView } from './container-view.ts'
import type { Cover } from './cover.ts'
import type { ContainerMount, RootMount } from './mount.ts'
import { tmpfsOptions } from './tmpfs.ts'

/** A mount whose destination was resolved as in the container. */
export interface LocatedMount {
  /** Its destination has no links. */
  readonly mount: RootMount
  readonly cover: Cover
  /** The mount that contains the destination. */
  readonly parent: LocatedMount | undefined
}

/**
 * Mounts parts of volumes and images, and mounts inside volumes and bind mounts, so that the runtime
 * need not. Another container may share such files and may replace a directory with a link at any
 * moment; a runtime that resolves paths would then mount or create other files of the host. So this mounts the outer files again in
 * `directory` and mounts the inner ones in that tree by descriptor, with the tree as the root of
 * every path. The runtime gets the whole tree as one mount.
 *
 * Returns the mounts that the runtime must make. `releaseMounts` undoes this function, also
 * after it has thrown.
 */
export function mountNested(
  located: readonly LocatedMount[],
  directory: string,
): readonly ContainerMount[] {
  const inside = findNested(located)
  const own = located.filter((each) => !inside.has(each) && needsDescriptor(each.mount))
  if (inside.size + own.length === 0) return located.map(({ mount }) => mount)
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  // Mounts below must not appear in other mount namespaces.
  mountBind(directory, directory)
  const trees = new Map<LocatedMount, string>()
  for (const outer of new Set([...inside.values(), ...own])) {
    trees.set(outer, mountOuter(outer, `${directory}/${trees.size}`))
  }
  for (const [index, [inner, outer]] of [...inside].entries()) {
    const tree = trees.get(outer) ?? ''
    mountInner(inner, { outer, tree, memory: `${directory}/memory-${index}` })
  }
  return located
    .filter((each) => !inside.has(each))
    .map((each) => {
      const source = trees.get(each)
      if (source === undefined) return each.mount
      const parts = [each, ...inside.keys()].filter((one) => (inside.get(one) ?? one) === each)
      return { ...each.mount, source, isReady: true, propagation: widestPropagation(parts) }
    })
}

/** Whether another process could change what the path of the source means. */
function needsDescriptor({ subpath, isBrief }: RootMount): boolean {
  return subpath !== undefined || isBrief === true
}

/** Unmounts everything at a directory and removes it. An absent directory is not an error. */
export async function releaseMounts(directory: string): Promise<void> {
  while (unmount(directory, { detach: true })) {
    // Each call unmounts the topmost mount.
  }
  await removeTree(directory)
}

/** Every mount inside a volume or bind mount, with the outermost of these. */
function findNested(located: readonly LocatedMount[]): Map<LocatedMount, LocatedMount> {
  const inside = new Map<LocatedMount, LocatedMount>()
  for (const each of located) {
    const { parent } = each
    if (parent === undefined) continue
    const outer = inside.get(parent) ?? (parent.cover.type === 'tree' ? parent : undefined)
    if (outer !== undefined) inside.set(each, outer)
  }
  return inside
}

function mountOuter({ mount, cover }: LocatedMount, tree: string): string {
  if (cover.type !== 'tree') throw new TypeError('only files can hold other mounts')
  if (mount.point === 'directory') mkdirSync(tree, { mode: 0o700 })
  else writeFileSync(tree, '', { mode: 0o600 })
  const target = openFile(tree, openFlag.path)
  try {
    mountBindAt(cover.fd, target, bindOptions(mount))
  } catch (error) {
    if (!isSystemError(error, 'ENOENT')) throw error
    const reason = 'another process has removed it meanwhile'
    const path = mount.subpath ?? mount.source
    throw new StrakeError('NOT_FOUND', `Cannot mount ${path}: ${reason}`, { cause: error })
  } finally {
    treeCalls.closeDescriptor(target)
  }
  return tree
}

interface Outer {
  readonly outer: LocatedMount
  readonly tree: string
  /** Where a memory file system may be created. */
  readonly memory: string
}

function mountInner({ mount, cover }: LocatedMount, { outer, tree, memory }: Outer): void {
  const { destination, point } = mount
  using view = ContainerView.ofDirectory(tree)
  try {
    const path = destination.slice(outer.mount.destination.length)
    const { fd } = view.make(path, point)
    if (fd === undefined) throw new TypeError(`${destination} is not open`)
    if (cover.type === 'tree') mountBindAt(cover.fd, fd, bindOptions(mount))
    else mountMemory(mount, fd, memory)
  } catch (error) {
    if (!isSystemError(error, 'EROFS')) throw error
    const reason = `it is missing in ${outer.mount.destination}, which is read-only`
    throw new StrakeError('INVALID', `Cannot mount at ${destination}: ${reason}`, { cause: error })
  }
}

function mountMemory(mount: RootMount, target: number, place: string): void {
  mkdirSync(place, { mode: 0o700 })
  mountTmpfs(place, tmpfsOptions(mount))
  const fd = treeCalls.openRoot(place)
  try {
    mountBindAt(fd, target)
  } finally {
    treeCalls.closeDescriptor(fd)
  }
}

function bindOptions({
  readOnly = false,
  propagation = 'private',
  recursion,
}: RootMount): BindOptions {
  const below = { disabled: 'absent', writable: 'unrestricted', readonly: undefined } as const
  return { readOnly, propagation: kinds[propagation], below: recursion && below[recursion] }
}

const kinds = {
  private: 'private',
  rprivate: 'private',
  shared: 'shared',
  rshared: 'shared',
  slave: 'slave',
  rslave: 'slave',
} as const

/** The propagation that the root of the container needs for all of `parts`. */
function widestPropagation(parts: readonly LocatedMount[]): 'private' | 'slave' | 'shared' {
  const asked = parts.map(({ mount }) => kinds[mount.propagation ?? 'private'])
  return (['shared', 'slave'] as const).find((kind) => asked.includes(kind)) ?? 'private'
}
