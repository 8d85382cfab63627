import type { AddOp, CopyOp, SourceSpec, Vertex } from '../model/graph.ts'
import type { Material } from '../model/provenance.ts'
import {
  type FileAction,
  fileOperation,
  inlineFile,
  ownerMember,
  timestamp,
} from './file-operation.ts'
import {
  absolute,
  filesSelector,
  type Operation,
  type OperationInput,
  operationDigest,
  type UsedPath,
} from './operation.ts'
import { remoteSources } from './remote-source.ts'
import { isPattern } from './selected-digest.ts'

/**
 * COPY or ADD. `materials` are the versions of what ADD takes from other machines. Returns
 * `undefined` when they are not known, and for forms whose digests are not known here.
 */
export function copyOperation(
  op: CopyOp | AddOp,
  { inputs }: Vertex,
  materials: readonly Material[] = [],
): Operation | undefined {
  const [base] = inputs
  const remote = op.kind === 'add' ? remoteSources(op, materials) : []
  const used = op.sources.flatMap((each) => (each.kind === 'path' ? usedPath(op, each.path) : []))
  const isKnown = !used.some(hasOddPattern)
  // The order of sources of this machine and of others is not in our plan.
  if (base === undefined || !isKnown || remote === undefined) return undefined
  if (remote.length > 0 && op.sources.length > 0) return undefined
  const from = used.length === 0 ? undefined : inputOf(op, inputs, used)
  // With `--chmod`, BuildKit makes a usual copy.
  const isLinked = op.link && op.chmod === undefined
  const below = isLinked || base.op.kind === 'scratch' ? undefined : base
  const actions = op.sources.map((source): FileAction => {
    if (source.kind === 'path') {
      return { json: copyJson(op, localMembers(op, usedPath(op, source.path)), below), from }
    }
    return madeAction(op, inlineSource(source), below)
  })
  const others = remote.map((source) => madeAction(op, source, below))
  const copied = fileOperation(below, [...actions, ...others])
  return isLinked && base.op.kind !== 'scratch' ? mergeOperation(base, copied) : copied
}

/** The layers of two file systems, one above the other. */
function mergeOperation(base: Vertex, copied: Operation): Operation {
  const Merge = { inputs: [{}, { input: 1 }] }
  return {
    digest: operationDigest({ Type: 'buildkit.merge.v0', Merge }),
    inputs: [{ made: base }, { made: copied }],
  }
}

/** The path of a source. With `--parents`, it is the part before `/./`, and the rest is a pattern. */
function usedPath(op: CopyOp | AddOp, path: string): UsedPath {
  const exclude = op.exclude.length > 0 ? { exclude: op.exclude } : {}
  if (op.kind === 'add' || !op.parents) return { path: absolute(path), ...exclude }
  const at = path.indexOf('/./')
  const include = absolute(at < 0 ? path : path.slice(at + 2)).slice(1)
  return { path: at < 0 ? '/' : absolute(path.slice(0, at)), include, ...exclude }
}

/** BuildKit compares such patterns in another way than our matcher. */
function hasOddPattern({ include, exclude = [] }: UsedPath): boolean {
  return include === '' || exclude.some((pattern) => /^\s*(?:$|#|!?\s*\/)/.test(pattern))
}

function inputOf(
  op: CopyOp | AddOp,
  inputs: readonly Vertex[],
  paths: readonly UsedPath[],
): OperationInput {
  const context = op.kind === 'add' ? 'context' : 'context' in op.from ? op.from.context : undefined
  if (context !== undefined) return { content: { context, paths } }
  const made = op.kind === 'copy' && 'input' in op.from ? inputs[op.from.input] : undefined
  return { made, selector: filesSelector(paths.map(({ path }) => path)) }
}

/** Copies what an operation of its own made. */
interface MadeSource {
  readonly made: Operation
  /** Absolute. */
  readonly path: string
}

function inlineSource({ name, content }: Extract<SourceSpec, { kind: 'inline' }>): MadeSource {
  return { made: inlineFile(name, content), path: absolute(name) }
}

function madeAction(
  op: CopyOp | AddOp,
  { made, path }: MadeSource,
  base: Vertex | undefined,
): FileAction {
  const unpacks = op.kind === 'add' && op.unpack === 'always' && op.urls.length > 0
  const members = { src: path, unpacks, isLocal: false, include: [], required: [] }
  return { json: copyJson(op, members, base), from: { made, selector: filesSelector([path]) } }
}

/** What differs between the sources of one instruction. */
interface CopyMembers {
  /** Absolute. */
  readonly src: string
  readonly unpacks: boolean
  readonly isLocal: boolean
  readonly include: readonly string[]
  readonly required: readonly string[]
}

function localMembers(op: CopyOp | AddOp, { path, include }: UsedPath): CopyMembers {
  const isRequired = include !== undefined && !isPattern(path) && !isPattern(include)
  return {
    src: path,
    unpacks: op.kind === 'add' && op.unpack !== 'never',
    isLocal: true,
    include: include === undefined ? [] : [include],
    required: isRequired ? [absolute(`${path}/${include}`)] : [],
  }
}

/** The order of the members counts. */
function copyJson(
  op: CopyOp | AddOp,
  { src, unpacks, isLocal, include, required }: CopyMembers,
  base: Vertex | undefined,
): object {
  const { destination, intoDirectory } = op
  const dest = intoDirectory && !destination.endsWith('/') ? `${destination}/` : destination
  const octal = /^[0-7]{1,5}$/.test(op.chmod ?? '') ? Number.parseInt(op.chmod ?? '', 8) : undefined
  return {
    src: lastName(src),
    dest,
    ...ownerMember(op.chown ?? '', base),
    // Go leaves out a zero.
    ...(op.chmod === undefined ? { mode: -1 } : octal && { mode: octal }),
    ...(isLocal && { followSymlink: true, dirCopyContents: true }),
    ...(unpacks && { attemptUnpackDockerCompatibility: true }),
    createDestPath: true,
    ...(isLocal && { allowWildcard: true, allowEmptyWildcard: true }),
    timestamp,
    ...(include.length > 0 && { include_patterns: include }),
    ...(op.exclude.length > 0 && { exclude_patterns: op.exclude }),
    ...(op.chmod !== undefined && octal === undefined && { modeStr: op.chmod }),
    ...(required.length > 0 && { required_paths: required }),
  }
}

/** As `path.Base` of Go. */
function lastName(path: string): string {
  return absolute(path).split('/').at(-1) || '/'
}
