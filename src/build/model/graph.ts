import { createHash } from 'node:crypto'
import type { Range } from '#dockerfile'
import type { Digest, Platform } from '#oci'
import type { WantedDevice } from './devices.ts'
import type { RunMount } from './mounts.ts'
import type { RunSettings } from './run-settings.ts'

/**
 * One operation on a file system, and the file systems it works on. The digest is
 * a hash of the operation and of the inputs' digests, so two vertices with the
 * same digest are the same work. `name`, `range` and `args` are for messages only.
 */
export interface Vertex {
  readonly digest: Digest
  /** The name of the step, as in BuildKit: `[build 2/4] RUN make`. */
  readonly name: string
  readonly op: Op
  /**
   * The first input is the file system that changes. The operation names the other inputs
   * by index.
   */
  readonly inputs: readonly Vertex[]
  /** The instruction in the Dockerfile. */
  readonly range?: Range | undefined
  /** The names of variables of the operation whose values are build arguments. */
  readonly args?: readonly string[] | undefined
}

/** Plain JSON with exactly those values that can change the result. */
export type Op = ScratchOp | ImageOp | RunOp | CopyOp | AddOp | WorkdirOp

/** The empty file system. */
export interface ScratchOp {
  readonly kind: 'scratch'
}

/** The file system of an image that is in the store. */
export interface ImageOp {
  readonly kind: 'image'
  /** The digest of the manifest for `platform`. */
  readonly manifest: Digest
  readonly platform: Platform
}

export interface RunOp {
  readonly kind: 'run'
  readonly argv: readonly string[]
  /** `NAME=value`. Proxy settings are left out, because they must not be part of a key. */
  readonly env: readonly string[]
  readonly cwd: string
  readonly user: string
  readonly network: NetworkMode
  /** Absent for the usual host name. */
  readonly hostname?: string
  /** `insecure` has all rights of this machine. Absent for the sandbox. */
  readonly security?: 'insecure'
  /** Absent without devices. */
  readonly devices?: readonly WantedDevice[]
  /** Absent without settings of the user. */
  readonly settings?: RunSettings
  /** Absent when the RUN has no mounts. */
  readonly mounts?: readonly RunMount[]
  /** A `#!` heredoc, given to the process as an executable file. */
  readonly script?: { readonly path: string; readonly content: string }
}

/** `proxy`: only a proxy of the builder, which records what is downloaded. */
export type NetworkMode = 'default' | 'none' | 'host' | 'proxy'

/** A path of a file tree, or a file written in the Dockerfile itself. */
export type SourceSpec =
  | { readonly kind: 'path'; readonly path: string }
  | { readonly kind: 'inline'; readonly name: string; readonly content: string }

/** A source of files: a build context by its name, or the file system of an input by its index. */
export type FilesFrom = { readonly context: string } | { readonly input: number }

/** The name of the main build context. ADD takes local files from no other context. */
export const mainContext = 'context'

/** The members of both COPY and ADD. */
export interface CopyFields {
  readonly sources: readonly SourceSpec[]
  /** Absolute and normalized. Symbolic links are not yet followed. */
  readonly destination: string
  /** True when the destination has a trailing slash or there are several sources. */
  readonly intoDirectory: boolean
  readonly chown?: string
  readonly chmod?: string
  readonly exclude: readonly string[]
  /** True when the layer does not depend on the layers below. */
  readonly link: boolean
}

export interface CopyOp extends CopyFields {
  readonly kind: 'copy'
  readonly from: FilesFrom
  readonly parents: boolean
}

/** Files of a commit of a remote repository. It has no password, because it is part of keys. */
export interface GitSource {
  /** A URL with the scheme `https`, `http`, `ssh` or `git`, or `user@host:path` of SSH. */
  readonly remote: string
  /** Branch, tag, other ref, or commit. Absent for the default branch. */
  readonly ref?: string
  /** Relative to the root of the repository. Absent for the whole repository. */
  readonly subdir?: string
  /** The beginning of the hash that the commit must have. */
  readonly checksum?: string
  readonly submodules: boolean
  /** Absent when the URL does not set it. */
  readonly keepGitDir?: boolean
  /** Files have the time of the checkout instead of that of the commit (`mtime=checkout`). */
  readonly hasCheckoutTimes?: true
}

export interface AddOp extends CopyFields {
  readonly kind: 'add'
  /** Without passwords. */
  readonly urls: readonly string[]
  /** Absent for none. */
  readonly repositories?: readonly GitSource[]
  readonly checksum?: string
  /** `auto` unpacks local archives and leaves downloads packed. */
  readonly unpack: 'auto' | 'always' | 'never'
}

/** Makes the directory if it is missing. */
export interface WorkdirOp {
  readonly kind: 'workdir'
  readonly path: string
  /** The owner of the directory: the current USER. */
  readonly user: string
}

/** Makes the vertex of an operation on `inputs`. */
export function createVertex(
  op: Op,
  inputs: readonly Vertex[],
  origin: Pick<Vertex, 'name' | 'range' | 'args'>,
): Vertex {
  const vertex: Vertex = {
    // A plan that is only checked needs no digests.
    get digest() {
      return digests.get(vertex) ?? digestOf(vertex)
    },
    op,
    inputs,
    ...origin,
  }
  return vertex
}

const digests = new WeakMap<Vertex, Digest>()

/** Computes the digest of a vertex, those of its inputs first. Does not use recursion. */
function digestOf(target: Vertex): Digest {
  const stack = [target]
  let last: Digest | undefined
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    const missing = top.inputs.filter((input) => !digests.has(input))
    if (missing.length > 0) {
      stack.push(top, ...missing)
      continue
    }
    const { op, inputs } = top
    const text = JSON.stringify({ op, inputs: inputs.map((input) => input.digest) })
    last = `sha256:${createHash('sha256').update(text).digest('hex')}`
    digests.set(top, last)
  }
  if (last === undefined) throw new RangeError('The target is computed last')
  return last
}

/** Every vertex that the targets need, once, each after its inputs. Does not use recursion. */
export function inDependencyOrder(...targets: readonly Vertex[]): Vertex[] {
  const ordered = new Map<Digest, Vertex>()
  const stack = targets.toReversed().map((vertex) => ({ vertex, isReady: false }))
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
