import { encodeJson } from '#oci'
import type { Vertex, WorkdirOp } from '../model/graph.ts'
import { absolute, type Operation, type OperationInput, operationDigest } from './operation.ts'

/** An action on files, in BuildKit's JSON, and the input that it takes files from. */
export interface FileAction {
  readonly json: object
  readonly from?: OperationInput | undefined
}

/** The time of a file that is not set. */
export const timestamp = -1

/** WORKDIR makes a directory. */
export function workdirOperation(op: WorkdirOp, base: Vertex): Operation | undefined {
  return fileOperation(base, [{ json: workdirAction(op, hasBase(base)) }])
}

/** WORKDIR in BuildKit's JSON. */
export function workdirAction({ path, user }: WorkdirOp, isOnBase: boolean): object {
  return { path, mode: 0o755, makeParents: true, ...ownerMember(user, isOnBase), timestamp }
}

/** The empty file system is no base. */
export function hasBase(base: Vertex | undefined): boolean {
  return base !== undefined && base.op.kind !== 'scratch'
}

/** A file whose content is in the Dockerfile: an operation of its own on nothing. */
export function inlineFile(name: string, content: string, mode?: number): Operation {
  return fileOperation(undefined, [{ json: inlineFileAction(name, content, mode) }])
}

/** A file whose content is in the Dockerfile, in BuildKit's JSON. */
export function inlineFileAction(name: string, content: string, mode = 0o644): object {
  const data = Buffer.from(content).toString('base64')
  return { path: absolute(name), mode, data, timestamp }
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
    ...ownerMember(`${uid}:${gid}`, false),
    timestamp,
  }
  return fileOperation(undefined, [{ json }])
}

/** The owner by name or number, as `WithUser` of BuildKit reads it. */
export function ownerMember(owner: string, isOnBase: boolean): object {
  if (owner === '') return {}
  const [user = '', ...rest] = owner.split(':')
  const group = rest.length === 0 ? undefined : rest.join(':')
  const input = isOnBase ? {} : { input: -1 }
  const one = (name: string): object => {
    if (name !== 'root' && !/^\d{1,10}$/.test(name)) return { User: { byName: { name, ...input } } }
    const id = name === 'root' ? 0 : Number(name)
    return { User: id === 0 ? {} : { byId: id } }
  }
  return { owner: { user: one(user), ...(group !== undefined && { group: one(group) }) } }
}

/** Each action changes the output of the one before. The empty file system is no input. */
export function fileOperation(base: Vertex | undefined, actions: readonly FileAction[]): Operation {
  const isEmpty = !hasBase(base)
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
