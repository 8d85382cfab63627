import { mkdir } from 'node:fs/promises'
import { StrakeError } from '#oci'
import type { RootMount } from '#runtime'
import { printableName } from '#tar'
import { resolveNode } from '../files/resolve.ts'
import { openTree } from '../files/tree.ts'
import type { BindMount } from '../model/mounts.ts'
import type { FileState } from '../model/state.ts'
import { inputAt } from '../step/runner.ts'
import type { MountContext } from './context.ts'

/** Opens a bind mount: files of a stage, an image or the build context. */
export async function openBind(
  { input, source, target, readOnly }: BindMount,
  inputs: readonly FileState[],
  context: MountContext,
): Promise<RootMount> {
  const root = await rootOf(inputAt(inputs, input), readOnly, context)
  const { path, point } = findPlace(root, source)
  return { type: 'bind', source: path, destination: target, point, readOnly }
}

/** A writable mount has a layer of its own, which is discarded. */
async function rootOf(
  state: FileState,
  readOnly: boolean,
  { services, directory, stack }: MountContext,
): Promise<string> {
  if (!readOnly) return stack.use(await services.filesystems.prepare(state)).root
  const view = await services.filesystems.view(state)
  if (view !== undefined) return stack.use(view).root
  const empty = `${directory}/empty`
  await mkdir(empty, { recursive: true })
  return empty
}

/** Returns the path of `source` with all links resolved inside the root. */
export function findPlace(
  root: string,
  source: string,
): { readonly path: string; readonly point: RootMount['point'] } {
  using tree = openTree(root, { name: 'the source of the mount', hasOwners: true })
  const node = resolveNode(tree, source)
  const shown = printableName(`/${source}`)
  if (node === undefined) {
    throw new StrakeError('NOT_FOUND', `Cannot mount ${shown}: it is not in ${tree.name}`)
  }
  if (node.type !== 'directory' && node.type !== 'file') {
    throw new StrakeError('INVALID', `Cannot mount ${shown}: it is neither a file nor a directory`)
  }
  const path = node.path === '' ? root : `${root}/${node.path}`
  return { path, point: node.type }
}
