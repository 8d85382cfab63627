import { createHash } from 'node:crypto'
import type { Range } from '#dockerfile'
import type { Digest, Platform } from '#oci'
import type { RunMount } from './mounts.ts'

/**
 * One operation on a filesystem and the filesystems it works on. The digest is
 * a hash of the operation and of the inputs' digests, so two vertices with the
 * same digest are the same work; `name` and `range` only tell people where it
 * came from.
 */
export interface Vertex {
  readonly digest: Digest
  /** As BuildKit prints it: `[build 2/4] RUN make`. */
  readonly name: string
  readonly op: Op
  /** The filesystem that is changed comes first; the operation names the others by their index. */
  readonly inputs: readonly Vertex[]
  /** Where the Dockerfile asks for it. */
  readonly range?: Range
}

/** Plain JSON: everything that can change the result, and nothing else. */
export type Op = ScratchOp | ImageOp | RunOp | CopyOp | AddOp | WorkdirOp

/** The empty filesystem. */
export interface ScratchOp {
  readonly kind: 'scratch'
}

/** The filesystem of an image that is in the store. */
export interface ImageOp {
  readonly kind: 'image'
  /** Of the manifest that was chosen for `platform`. */
  readonly manifest: Digest
  readonly platform: Platform
}

export interface RunOp {
  readonly kind: 'run'
  readonly argv: readonly string[]
  /** `NAME=value`. Proxy settings are not among them: they must not be part of a key. */
  readonly env: readonly string[]
  readonly cwd: string
  readonly user: string
  readonly network: NetworkMode
  /** Other than the usual one. */
  readonly hostname?: string
  /** Absent without any. */
  readonly mounts?: readonly RunMount[]
  /** A `#!` heredoc, given to the process as an executable file. */
  readonly script?: { readonly path: string; readonly content: string }
}

export type NetworkMode = 'default' | 'none' | 'host'

/** A path of a file tree, or a file written in the Dockerfile itself. */
export type SourceSpec =
  | { readonly kind: 'path'; readonly path: string }
  | { readonly kind: 'inline'; readonly name: string; readonly content: string }

/** Where files are taken from: a build context, by its name, or the filesystem of an input. */
export type FilesFrom = { readonly context: string } | { readonly input: number }

/** The build context that the user names first, and the only one ADD takes files from. */
export const mainContext = 'context'

/** What COPY and ADD have in common. */
export interface CopyFields {
  readonly sources: readonly SourceSpec[]
  /** Absolute and clean, symbolic links not yet followed. */
  readonly destination: string
  /** Written with a trailing slash, or with several sources: `destination` is a directory. */
  readonly intoDirectory: boolean
  readonly chown?: string
  readonly chmod?: string
  readonly exclude: readonly string[]
  /** The result does not depend on what lies below: its layer stands alone. */
  readonly link: boolean
}

export interface CopyOp extends CopyFields {
  readonly kind: 'copy'
  readonly from: FilesFrom
  readonly parents: boolean
}

export interface AddOp extends CopyFields {
  readonly kind: 'add'
  readonly urls: readonly string[]
  readonly checksum?: string
  /** `auto`: local archives are unpacked, downloads are not. */
  readonly unpack: 'auto' | 'always' | 'never'
}

/** Makes the directory when it is missing. */
export interface WorkdirOp {
  readonly kind: 'workdir'
  readonly path: string
  /** Who owns it: the USER in force. */
  readonly user: string
}

/** Names an operation on `inputs`. */
export function createVertex(
  op: Op,
  inputs: readonly Vertex[],
  origin: { readonly name: string; readonly range?: Range },
): Vertex {
  const text = JSON.stringify({ op, inputs: inputs.map((input) => input.digest) })
  const digest: Digest = `sha256:${createHash('sha256').update(text).digest('hex')}`
  return { digest, op, inputs, ...origin }
}

/** Every vertex `target` needs, once, inputs before what uses them. Needs no recursion. */
export function inDependencyOrder(target: Vertex): Vertex[] {
  const ordered = new Map<Digest, Vertex>()
  const stack = [{ vertex: target, isReady: false }]
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    const { vertex, isReady } = top
    if (ordered.has(vertex.digest)) continue
    if (isReady) ordered.set(vertex.digest, vertex)
    else {
      stack.push({ vertex, isReady: true })
      for (const input of vertex.inputs.toReversed()) stack.push({ vertex: input, isReady: false })
    }
  }
  return [...ordered.values()]
}
