import { readFile, realpath, stat } from 'node:fs/promises'
import { basename, relative, resolve } from 'node:path'
import { type IgnoreMatcher, PatternError, parseIgnore } from '#dockerfile'
import { isStrakeError, StrakeError } from '#oci'
import { toBuffer } from '#stream'
import type { DockerfileSource } from '../model/error.ts'
import { resolveNode } from './resolve.ts'
import { type FileTree, openTree } from './tree.ts'

const maxSize = 10 * 1024 * 1024

/** The Dockerfile of a build and what its ignore file leaves out of the context. */
export interface BuildDefinition {
  readonly source: DockerfileSource
  readonly ignore?: IgnoreMatcher
}

/**
 * Reads the Dockerfile and the ignore file that belongs to it (DF-001, DF-110).
 * Inside the context a link is followed only as far as it stays inside: a
 * project must not make its builder read what it does not bring (E1).
 */
export async function readDefinition(
  context: string | undefined,
  dockerfile: string | { readonly text: string } | undefined,
): Promise<BuildDefinition> {
  using tree =
    context === undefined
      ? undefined
      : openTree(context, { name: 'the build context', hasOwners: false })
  const { source, path } = await readSource(tree, dockerfile)
  const beside = path === undefined ? undefined : await readText(tree, `${path}.dockerignore`)
  const ignoreText = beside ?? (tree && (await readText(tree, resolve(tree.root, '.dockerignore'))))
  if (ignoreText === undefined) return { source }
  try {
    return { source, ignore: parseIgnore(ignoreText) }
  } catch (cause) {
    if (!(cause instanceof PatternError)) throw cause
    throw new StrakeError('INVALID', `Cannot read .dockerignore: ${cause.message}`, { cause })
  }
}

async function readSource(
  tree: FileTree | undefined,
  dockerfile: string | { readonly text: string } | undefined,
): Promise<{ source: DockerfileSource; path?: string }> {
  if (typeof dockerfile === 'object')
    return { source: { text: dockerfile.text, name: 'Dockerfile' } }
  const candidates =
    dockerfile !== undefined
      ? [resolve(dockerfile)]
      : tree === undefined
        ? []
        : ['Dockerfile', 'dockerfile'].map((name) => resolve(tree.root, name))
  for (const path of candidates) {
    const text = await readText(tree, path)
    if (text !== undefined) return { source: { text, name: basename(path) }, path }
  }
  const place = dockerfile ?? `${tree?.root ?? '.'}/Dockerfile`
  throw new StrakeError('NOT_FOUND', `Cannot read ${place}: there is no such file`, {
    remedy: 'name the Dockerfile with -f, and the directory it builds from as the argument',
  })
}

/** The text of a regular file; `undefined` when there is none. */
async function readText(tree: FileTree | undefined, path: string): Promise<string | undefined> {
  const inside = tree === undefined ? undefined : relative(tree.root, path)
  if (tree !== undefined && inside !== undefined && !/^\.\.(?:\/|$)/.test(inside)) {
    const node = resolveNode(tree, inside)
    if (node === undefined) return undefined
    if (node.type !== 'file') throw notRegular(path)
    if (node.size > maxSize) throw tooLarge(path)
    const contents = tree.read(node)
    const bytes = contents instanceof Uint8Array ? contents : await toBuffer(contents, maxSize)
    return decode(bytes)
  }
  try {
    const status = await stat(await realpath(path))
    if (!status.isFile()) throw notRegular(path)
    if (status.size > maxSize) throw tooLarge(path)
    return decode(await readFile(path))
  } catch (error) {
    if (isStrakeError(error)) throw error
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw new StrakeError('INVALID', `Cannot read ${path}: it cannot be opened`, { cause: error })
  }
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes)
}

function notRegular(path: string): StrakeError {
  return new StrakeError('INVALID', `Cannot read ${path}: it is not a regular file`)
}

function tooLarge(path: string): StrakeError {
  return new StrakeError('INVALID', `Cannot read ${path}: it is larger than 10 MiB`)
}
