import { lstat, readdir, readFile, realpath, stat } from 'node:fs/promises'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { type IgnoreMatcher, suggest } from '#dockerfile'
import type { ComposeOptions } from '#dockerfile/compose/compose'
import { hasExtensions } from '#dockerfile/instructions/extensions'
import { isStrakeError, StrakeError } from '#oci'
import { toBuffer } from '#stream'
import { resolveNode } from '../files/resolve.ts'
import { type FileTree, openTree } from '../files/tree.ts'
import type { DockerfileSource } from '../model/error.ts'
import type { DockerfileText } from './build-input.ts'
import { composeSource } from './compose-source.ts'
import type { ContextRoot } from './context-root.ts'
import { parseIgnoreFile } from './ignore-file.ts'
import { decodeText, maxTextSize } from './text.ts'

/** The Dockerfile of a build, and its ignore file. */
export interface BuildDefinition {
  readonly source: DockerfileSource
  readonly ignore?: IgnoreMatcher | undefined
}

/** The arguments that conditions of a Dockerfile may use. */
export type KnownValues = Pick<ComposeOptions, 'buildArgs' | 'builderArgs'>

/**
 * Reads the Dockerfile and its ignore file. A link in the context is followed only
 * inside the context, so that a project cannot make the build read other files.
 */
export async function readDefinition(
  context: Pick<ContextRoot, 'path' | 'kind'>,
  dockerfile: string | DockerfileText | undefined,
  { ignoreText, ...known }: KnownValues & { readonly ignoreText?: string | undefined } = {
    buildArgs: {},
    builderArgs: {},
  },
): Promise<BuildDefinition> {
  using tree = openTree(context.path, { name: 'the build context', hasOwners: false })
  const isOfUser = context.kind === 'directory' || context.kind === 'nothing'
  const readPath: Read = (path) => readText(tree, path, isOfUser ? path : relative(tree.root, path))
  const { source: written, path } = await readSource(tree, context.kind, dockerfile, readPath)
  const read = (name: string): Promise<string | undefined> => readPath(resolve(tree.root, name))
  const source = hasExtensions(written.text)
    ? await composeSource(written, { ...known, read })
    : written
  if (ignoreText !== undefined) return { source, ignore: parseIgnoreFile(ignoreText) }
  if (context.kind === 'remote' || context.kind === 'received') return { source }
  const own = path === undefined ? [] : ignoreNames.map((name) => path + name)
  return {
    source,
    ignore: parseIgnoreFile(await readFirst(readPath, [...own, ...ignoreFiles(tree)])),
  }
}

/**
 * Reads a text file of a directory that a client filled. Its links are followed only inside the
 * directory. Returns `undefined` for an absent file. Throws `INVALID`.
 */
export async function readReceivedText(
  directory: string,
  name: string,
): Promise<string | undefined> {
  using tree = openTree(directory, { name: 'the build context', hasOwners: false })
  return await readText(tree, join(tree.root, join('/', name)))
}

/** Reads the ignore file of a named context. */
export async function readIgnoreFile({
  path,
}: Pick<ContextRoot, 'path'>): Promise<IgnoreMatcher | undefined> {
  using tree = openTree(path, { name: 'the build context', hasOwners: false })
  return parseIgnoreFile(await readFirst((path) => readText(tree, path), ignoreFiles(tree)))
}

/** The second one is that of Podman. */
const ignoreNames = ['.dockerignore', '.containerignore']

function ignoreFiles({ root }: FileTree): readonly string[] {
  return ignoreNames.map((name) => resolve(root, name))
}

/** Reads a text file; `undefined` when it is absent. */
type Read = (path: string) => Promise<string | undefined>

/** Returns the text of the first of the files that exists. */
async function readFirst(read: Read, paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) {
    const text = await read(path)
    if (text !== undefined) return text
  }
  return undefined
}

async function readSource(
  tree: FileTree,
  kind: ContextRoot['kind'],
  dockerfile: string | DockerfileText | undefined,
  read: Read,
): Promise<{ source: DockerfileSource; path?: string }> {
  if (typeof dockerfile === 'object') {
    return { source: { text: dockerfile.text, name: dockerfile.name ?? 'Dockerfile' } }
  }
  const inside = (name: string): string => join(tree.root, join('/', name))
  const isInside = kind !== 'directory' && kind !== 'nothing'
  const ofUser = isInside ? inside : resolve
  const candidates =
    dockerfile === undefined
      ? ['Dockerfile', 'dockerfile', 'Containerfile'].map(inside)
      : [ofUser(dockerfile)]
  for (const path of candidates) {
    const text = await read(path)
    if (text !== undefined) return { source: { text, name: basename(path) }, path }
  }
  if (isInside) {
    const name = dockerfile ?? 'Dockerfile'
    const what = kind === 'archive' ? 'archive' : 'context'
    throw new StrakeError('NOT_FOUND', `Cannot read ${name}: the ${what} has no such file`, {
      remedy: `name the Dockerfile with -f, relative to the top of the ${what}`,
    })
  }
  const place = dockerfile ?? `${tree.root}/Dockerfile`
  const close = await similarFile(resolve(place))
  throw new StrakeError('NOT_FOUND', `Cannot read ${place}: there is no such file`, {
    remedy:
      close !== undefined
        ? `did you mean ${close}`
        : 'name the Dockerfile with -f, and the directory it builds from as the argument',
  })
}

/** The file of the same directory whose name is most like that of an absent file. */
async function similarFile(path: string): Promise<string | undefined> {
  const names = await readdir(dirname(path)).catch(() => [])
  const close = suggest(
    basename(path),
    names.filter((name) => name !== basename(path)),
  )
  return close === undefined ? undefined : join(dirname(path), close)
}

/**
 * Returns the text of a regular file, or `undefined` when it is absent. `shown` is its name in
 * messages: the path of an unpacked archive says nothing to the user.
 */
async function readText(tree: FileTree, path: string, shown = path): Promise<string | undefined> {
  const inside = relative(tree.root, path)
  if (!/^\.\.(?:\/|$)/.test(inside)) {
    const node = resolveNode(tree, inside)
    if (node === undefined) {
      await refuseLink(path, inside)
      return undefined
    }
    if (node.type !== 'file') throw notRegular(shown)
    if (node.size > maxTextSize) throw tooLarge(shown)
    const contents = tree.read(node)
    const bytes =
      contents instanceof Uint8Array ? contents : await toBuffer(contents, maxTextSize, shown)
    return decodeText(bytes, shown)
  }
  try {
    const status = await stat(await realpath(path))
    if (!status.isFile()) throw notRegular(path)
    if (status.size > maxTextSize) throw tooLarge(path)
    return decodeText(await readFile(path), path)
  } catch (error) {
    if (isStrakeError(error)) throw error
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw new StrakeError('INVALID', `Cannot read ${path}: it cannot be opened`, { cause: error })
  }
}

/** A link that leads out of the context is not followed, and it is not an absent file. */
async function refuseLink(path: string, name: string): Promise<void> {
  const status = await lstat(path).catch(() => undefined)
  if (status?.isSymbolicLink() !== true) return
  const reason = 'it is a link that leads out of the build context or nowhere'
  throw new StrakeError('INVALID', `Cannot read ${name}: ${reason}`, {
    remedy: 'replace the link by its target',
  })
}

function notRegular(path: string): StrakeError {
  return new StrakeError('INVALID', `Cannot read ${path}: it is not a regular file`)
}

function tooLarge(path: string): StrakeError {
  return new StrakeError('INVALID', `Cannot read ${path}: it is larger than 10 MiB`)
}
