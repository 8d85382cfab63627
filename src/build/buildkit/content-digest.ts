import { createHash } from 'node:crypto'
import { type Digest, sha256 } from '#oci'
import { createBreath } from '#stream'
import { encodeName } from '#tar'
import type { FileNode } from '../files/node.ts'
import { resolveNode } from '../files/resolve.ts'
import type { FileTree } from '../files/tree.ts'
import { joinedDigest, type UsedPath } from './operation.ts'
import { isSelection, type NodeDigests, selectedDigest } from './selected-digest.ts'

export interface ContentLimits {
  readonly most?: number | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Returns the digest that BuildKit gives to files of a build context: of names, modes, bytes and
 * link targets. Owners are root, as in a context that a client sends. Returns `undefined` when a
 * path does not exist, or when a directory has more than `most` files.
 *
 * @see https://github.com/moby/buildkit/tree/master/cache/contenthash
 */
export async function contextDigest(
  tree: FileTree,
  paths: readonly UsedPath[],
  { most, signal }: ContentLimits = {},
): Promise<Digest | undefined> {
  const digests: Digest[] = []
  const breathe = createBreath(signal)
  const nodes: NodeDigests = {
    header: (node) => headerDigest(node, ''),
    whole: (node) => digestOf(tree, node, breathe),
  }
  const whole = paths.filter((used) => !isSelection(used)).map(({ path }) => path)
  const used: readonly UsedPath[] = [
    ...withoutNested(whole).map((path) => ({ path })),
    ...paths.filter(isSelection),
  ]
  for (const each of used.toSorted((a, b) => compareBytes(a.path, b.path))) {
    const digest = isSelection(each)
      ? await selectedDigest(tree, each, { digests: nodes, most })
      : await wholeDigest(tree, each.path, { breathe, most })
    if (digest === undefined) return undefined
    digests.push(digest)
  }
  return joinedDigest(digests)
}

async function wholeDigest(
  tree: FileTree,
  path: string,
  { breathe, most }: { breathe: ReturnType<typeof createBreath>; most: number | undefined },
): Promise<Digest | undefined> {
  const node = resolveNode(tree, path)
  if (node === undefined || (most !== undefined && hasMore(tree, node, most))) return undefined
  return await digestOf(tree, node, breathe)
}

function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}

/** A path below another one is part of that one. */
function withoutNested(paths: readonly string[]): readonly string[] {
  const all = [...new Set(paths)]
  const isBelow = (path: string, other: string): boolean =>
    path !== other && path.startsWith(other.endsWith('/') ? other : `${other}/`)
  return all.filter((path) => !all.some((other) => isBelow(path, other)))
}

/** True when a directory has more files than that. They were listed before, so nothing is read. */
function hasMore(tree: FileTree, top: FileNode, most: number): boolean {
  let count = 0
  const pending = [top]
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if (++count > most) return true
    if (node.type === 'directory') pending.push(...tree.list(node))
  }
  return false
}

async function digestOf(
  tree: FileTree,
  node: FileNode,
  breathe: ReturnType<typeof createBreath>,
): Promise<Digest> {
  await breathe()
  if (node.type !== 'directory') return await fileDigest(tree, node)
  const hash = createHash('sha256')
  hash.update('\0').update(node.path === '' ? sha256('') : headerDigest(node, ''))
  for (const child of tree.list(node)) {
    // A client does not send sockets.
    if (child.type === 'socket') continue
    hash.update('\0').update(encodeName(child.name))
    hash.update(await digestOf(tree, child, breathe))
  }
  return `sha256:${hash.digest('hex')}`
}

async function fileDigest(tree: FileTree, node: FileNode): Promise<Digest> {
  if (node.type !== 'file') {
    return headerDigest(node, node.type === 'symlink' ? tree.readLink(node) : '')
  }
  const hash = createHash('sha256').update(header(node, ''))
  const contents = tree.read(node)
  if (contents instanceof Uint8Array) hash.update(contents)
  else for await (const chunk of contents) hash.update(chunk)
  return `sha256:${hash.digest('hex')}`
}

function headerDigest(node: FileNode, link: string): Digest {
  return `sha256:${createHash('sha256').update(header(node, link)).digest('hex')}`
}

const typeFlags = {
  file: '0',
  symlink: '2',
  character: '3',
  block: '4',
  directory: '5',
  fifo: '6',
  socket: '0',
} as const

/** The header of an archive in the form that tarsum hashes. The name and the owners are empty. */
function header(node: FileNode, link: string): Uint8Array {
  const isFile = node.type === 'file'
  const isDevice = node.type === 'character' || node.type === 'block'
  const mode = node.type === 'symlink' ? 0o777 : node.mode
  const fields = [
    'name',
    `mode${mode}`,
    'uid0',
    'gid0',
    `size${isFile ? node.size : 0}`,
    `typeflag${typeFlags[node.type]}`,
    `linkname${link}`,
    'uname',
    'gname',
    `devmajor${isDevice ? node.deviceMajor : 0}`,
    `devminor${isDevice ? node.deviceMinor : 0}`,
  ]
  return encodeName(fields.join(''))
}
