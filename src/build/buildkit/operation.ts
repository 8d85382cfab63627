import { posix } from 'node:path'
import { type Digest, encodeJson, sha256 } from '#oci'
import type { Vertex } from '../model/graph.ts'

/**
 * A step as BuildKit identifies it. Its caches have records with this digest, whose inputs are
 * records too.
 */
export interface Operation {
  readonly digest: Digest
  /** In BuildKit's order. Empty for a source. */
  readonly inputs: readonly OperationInput[]
}

export interface OperationInput {
  /** What makes the input. Absent for files of a build context, which no digest names. */
  readonly made?: Vertex | Operation | undefined
  /** The digest of the paths that are used of it. */
  readonly selector?: Digest | undefined
  /** The digest of the files that are used of it. Only known for build contexts. */
  readonly content?: FilesOfContext | undefined
}

/** Paths of a build context whose files are hashed. */
export interface FilesOfContext {
  readonly context: string
  readonly paths: readonly UsedPath[]
}

/** A path, and which of the files below it count: all, unless there are patterns. */
export interface UsedPath {
  /** As in the Dockerfile, absolute. */
  readonly path: string
  /** The pattern that files have to match: what `--parents` copies. */
  readonly include?: string | undefined
  /** The patterns of `--exclude`. Absent for none. */
  readonly exclude?: readonly string[] | undefined
}

/** The number of the output of an operation. That of files has another number. */
const [firstOutput, noOutput] = [0, -1]

/** The digest of an operation from the description of its kind, which is JSON as of Go. */
export function operationDigest(description: object): Digest {
  return recordDigest(sha256(encodeJson(description)), firstOutput)
}

/** The digest of a source from its key. */
export function sourceDigest(key: string): Digest {
  return recordDigest(sha256(`buildkit.source.v0:${key}`), firstOutput)
}

/** The digest of the record of files: they are an input by their content alone. */
export function contentRecord(content: Digest): Digest {
  return recordDigest(content, noOutput)
}

function recordDigest(digest: Digest, output: number): Digest {
  return sha256(`${digest}@${output}`)
}

/** The selector of the paths that an operation on files uses. */
export function filesSelector(paths: readonly string[]): Digest {
  const sorted = paths.map((path) => Buffer.from(path)).sort(Buffer.compare)
  return joinedDigest(sorted.reverse().map((path) => path.toString()))
}

/** The selector of the paths that a command has as mounts, in the order of the mounts. */
export function mountSelector(paths: readonly string[]): Digest {
  return joinedDigest(paths)
}

export function joinedDigest(texts: readonly string[]): Digest {
  return sha256(texts.join('\0'))
}

/** A path below the root, without `.`, `..` and a slash at its end. */
export function absolute(path: string): string {
  return posix.resolve('/', path)
}
