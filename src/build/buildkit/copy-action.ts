import type { AddOp, CopyOp } from '../model/graph.ts'
import { ownerMember, timestamp } from './file-operation.ts'
import { absolute, type UsedPath } from './operation.ts'
import { isPattern } from './selected-digest.ts'

/** One source of COPY or ADD in BuildKit's JSON. All members have BuildKit's order. */
export interface CopyAction {
  /** Absolute. */
  readonly src: string
  readonly [member: string]: unknown
}

/** The path of a source. With `--parents`, it is the part before `/./`, and the rest is a pattern. */
export function usedPath(op: CopyOp | AddOp, path: string): UsedPath {
  const exclude = op.exclude.length > 0 ? { exclude: op.exclude } : {}
  if (op.kind === 'add' || !op.parents) return { path: absolute(path), ...exclude }
  const at = path.indexOf('/./')
  const include = absolute(at < 0 ? path : path.slice(at + 2)).slice(1)
  return { path: at < 0 ? '/' : absolute(path.slice(0, at)), include, ...exclude }
}

/**
 * True when the files are copied to a file system of their own, which is merged with the base. With
 * `--chmod`, BuildKit makes a usual copy in spite of `--link`.
 */
export function isMerged({ link, chmod }: CopyOp | AddOp): boolean {
  return link && chmod === undefined
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

/** Copies files of a context or a stage. */
export function localCopy(
  op: CopyOp | AddOp,
  { path, include }: UsedPath,
  isOnBase: boolean,
): CopyAction {
  const isRequired = include !== undefined && !isPattern(path) && !isPattern(include)
  const members = {
    src: path,
    unpacks: op.kind === 'add' && op.unpack !== 'never',
    isLocal: true,
    include: include === undefined ? [] : [include],
    required: isRequired ? [absolute(`${path}/${include}`)] : [],
  }
  return copyAction(op, members, isOnBase)
}

/** Copies a download, a repository, or a file that is written in the Dockerfile. */
export function madeCopy(op: CopyOp | AddOp, path: string, isOnBase: boolean): CopyAction {
  const unpacks = op.kind === 'add' && op.unpack === 'always' && op.urls.length > 0
  return copyAction(op, { src: path, unpacks, isLocal: false, include: [], required: [] }, isOnBase)
}

/** BuildKit hashes the text, so the order of the members counts. */
function copyAction(
  op: CopyOp | AddOp,
  { src, unpacks, isLocal, include, required }: CopyMembers,
  isOnBase: boolean,
): CopyAction {
  const { destination, intoDirectory } = op
  const dest = intoDirectory && !destination.endsWith('/') ? `${destination}/` : destination
  const octal = /^[0-7]{1,5}$/.test(op.chmod ?? '') ? Number.parseInt(op.chmod ?? '', 8) : undefined
  return {
    src,
    dest,
    ...ownerMember(op.chown ?? '', isOnBase),
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
