import type { AddOp, CopyOp, SourceSpec, Vertex } from '../model/graph.ts'
import type { Material } from '../model/provenance.ts'
import { type CopyAction, isMerged, localCopy, madeCopy, usedPath } from './copy-action.ts'
import { type FileAction, fileOperation, hasBase, inlineFile } from './file-operation.ts'
import {
  absolute,
  filesSelector,
  type Operation,
  type OperationInput,
  operationDigest,
  type UsedPath,
} from './operation.ts'
import { remoteSources } from './remote-source.ts'

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
  // Our plan does not have the order in which the instruction names local and remote sources.
  if (base === undefined || !isKnown || remote === undefined) return undefined
  if (remote.length > 0 && op.sources.length > 0) return undefined
  const from = used.length === 0 ? undefined : inputOf(op, inputs, used)
  const isAlone = isMerged(op)
  const below = isAlone || !hasBase(base) ? undefined : base
  const actions = op.sources.map((source): FileAction => {
    if (source.kind === 'path') {
      return { json: keyOf(localCopy(op, usedPath(op, source.path), hasBase(below))), from }
    }
    return madeAction(op, inlineSource(source), below)
  })
  const others = remote.map((source) => madeAction(op, source, below))
  const copied = fileOperation(below, [...actions, ...others])
  return isAlone && hasBase(base) ? mergeOperation(base, copied) : copied
}

/** The layers of two file systems, one above the other. */
function mergeOperation(base: Vertex, copied: Operation): Operation {
  const Merge = { inputs: [{}, { input: 1 }] }
  return {
    digest: operationDigest({ Type: 'buildkit.merge.v0', Merge }),
    inputs: [{ made: base }, { made: copied }],
  }
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

/** A source of a copy that another operation makes. */
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
  const json = keyOf(madeCopy(op, path, hasBase(base)))
  return { json, from: { made, selector: filesSelector([path]) } }
}

/**
 * Returns what BuildKit hashes of a copy: of the path of the source only its last name. The input has
 * the whole path, because it says which files the copy uses.
 */
function keyOf(copy: CopyAction): object {
  return { ...copy, src: lastName(copy.src) }
}

/** As `path.Base` of Go. */
function lastName(path: string): string {
  return absolute(path).split('/').at(-1) || '/'
}
