import { encodeJson } from '#oci'
import type { AddOp, CopyOp, SourceSpec, Vertex, WorkdirOp } from '../model/graph.ts'
import {
  absolute,
  filesSelector,
  type Operation,
  type OperationInput,
  operationDigest,
} from './operation.ts'

/** An action on files, in BuildKit's JSON, and the input that it takes files from. */
interface FileAction {
  readonly json: object
  readonly from?: OperationInput | undefined
}

/** The time of a file that is not set. */
const timestamp = -1

/** WORKDIR makes a directory. */
export function workdirOperation({ path, user }: WorkdirOp, base: Vertex): Operation | undefined {
  const json = {
    path,
    mode: 0o755,
    makeParents: true,
    ...ownerMember(user, base),
    timestamp,
  }
  return fileOperation(base, [{ json }])
}

/**
 * COPY, or ADD of local files. Returns `undefined` for forms whose digests are not known here:
 * `--parents`, `--exclude`, downloads and repositories.
 */
export function copyOperation(op: CopyOp | AddOp, { inputs }: Vertex): Operation | undefined {
  const [base] = inputs
  const isPlain = op.exclude.length === 0 && !(op.kind === 'copy' && op.parents)
  const isLocal = op.kind === 'copy' || (op.urls.length === 0 && !op.repositories?.length)
  if (base === undefined || !isPlain || !isLocal) return undefined
  const paths = op.sources.flatMap((each) => (each.kind === 'path' ? [absolute(each.path)] : []))
  const from = paths.length === 0 ? undefined : inputOf(op, inputs, paths)
  // With `--chmod`, BuildKit makes a usual copy.
  const isLinked = op.link && op.chmod === undefined
  const below = isLinked || base.op.kind === 'scratch' ? undefined : base
  const actions = op.sources.map((source): FileAction => {
    const json = copyJson(op, source, below)
    if (source.kind === 'path') return { json, from }
    const made = inlineFile(source.name, source.content)
    return { json, from: { made, selector: filesSelector([absolute(source.name)]) } }
  })
  const copied = fileOperation(below, actions)
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

function inputOf(
  op: CopyOp | AddOp,
  inputs: readonly Vertex[],
  paths: readonly string[],
): OperationInput {
  const context = op.kind === 'add' ? 'context' : 'context' in op.from ? op.from.context : undefined
  if (context !== undefined) return { content: { context, paths } }
  const made = op.kind === 'copy' && 'input' in op.from ? inputs[op.from.input] : undefined
  return { made, selector: filesSelector(paths) }
}

/** A file whose content is in the Dockerfile: an operation of its own on nothing. */
export function inlineFile(name: string, content: string, mode = 0o644): Operation {
  const data = Buffer.from(content).toString('base64')
  const json = { path: absolute(name), mode, data, timestamp }
  return fileOperation(undefined, [{ json }])
}

/** The directory with an owner that a cache mount begins with. */
export function ownedDirectory(owner: {
  readonly uid: number
  readonly gid: number
  readonly mode: number
}): Operation {
  const { uid, gid, mode } = owner
  const json = {
    path: '/cache',
    ...(mode !== 0 && { mode }),
    ...ownerMember(`${uid}:${gid}`, undefined),
    timestamp,
  }
  return fileOperation(undefined, [{ json }])
}

function copyJson(op: CopyOp | AddOp, source: SourceSpec, base: Vertex | undefined): object {
  const isPath = source.kind === 'path'
  const { destination, intoDirectory } = op
  const dest = intoDirectory && !destination.endsWith('/') ? `${destination}/` : destination
  const octal = /^[0-7]{1,5}$/.test(op.chmod ?? '') ? Number.parseInt(op.chmod ?? '', 8) : undefined
  return {
    src: lastName(isPath ? source.path : source.name),
    dest,
    ...ownerMember(op.chown ?? '', base),
    // Go leaves out a zero.
    ...(op.chmod === undefined ? { mode: -1 } : octal && { mode: octal }),
    ...(isPath && { followSymlink: true, dirCopyContents: true }),
    ...(isPath && op.kind === 'add' && op.unpack !== 'never' && unpacks),
    createDestPath: true,
    ...(isPath && { allowWildcard: true, allowEmptyWildcard: true }),
    timestamp,
    ...(op.chmod !== undefined && octal === undefined && { modeStr: op.chmod }),
  }
}

const unpacks = { attemptUnpackDockerCompatibility: true }

/** The owner by name or number, as `WithUser` of BuildKit reads it. */
function ownerMember(owner: string, base: Vertex | undefined): object {
  if (owner === '') return {}
  const [user = '', ...rest] = owner.split(':')
  const group = rest.length === 0 ? undefined : rest.join(':')
  const input = base === undefined || base.op.kind === 'scratch' ? { input: -1 } : {}
  const one = (name: string): object => {
    if (name !== 'root' && !/^\d{1,10}$/.test(name)) return { User: { byName: { name, ...input } } }
    const id = name === 'root' ? 0 : Number(name)
    return { User: id === 0 ? {} : { byId: id } }
  }
  return { owner: { user: one(user), ...(group !== undefined && { group: one(group) }) } }
}

/** Each action changes the output of the one before. The empty file system is no input. */
function fileOperation(base: Vertex | undefined, actions: readonly FileAction[]): Operation {
  const isEmpty = base === undefined || base.op.kind === 'scratch'
  const inputs: OperationInput[] = isEmpty ? [] : [{ made: base }]
  for (const { from } of actions) {
    if (from !== undefined && !inputs.includes(from)) inputs.push(from)
  }
  const indexes = actions.map(({ from }, at) => [
    at > 0 ? inputs.length + at - 1 : isEmpty ? -1 : 0,
    from === undefined ? -1 : inputs.indexOf(from),
    at === actions.length - 1 ? 0 : -1,
  ])
  const digest = operationDigest({
    Type: 'buildkit.file.v0',
    Actions: actions.map(({ json }) => Buffer.from(encodeJson(json)).toString('base64')),
    ...(!areUsual(indexes) && { indexes }),
  })
  return { digest, inputs }
}

/** BuildKit leaves out the indexes of the most frequent forms. */
function areUsual(indexes: readonly (readonly number[])[]): boolean {
  const last = indexes.length - 1
  return indexes.every(
    ([input, second = 0], at) =>
      input === (at === 0 ? 0 : indexes.length + at - 1) &&
      (second === -1 || second === 1) &&
      at <= last,
  )
}

/** As `path.Base` of Go. */
function lastName(path: string): string {
  return absolute(path).split('/').at(-1) || '/'
}
