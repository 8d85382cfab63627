import { treeCalls } from '#platform'
import { decodeName } from '#tar'
import type { Engine } from '../engine.ts'
import { type CopyEndpoint, CopyTrees } from './trees.ts'

/** What is at a path. */
export interface PathStatus {
  readonly name: string
  readonly size: number
  /** As the kernel has it: type and permissions. */
  readonly mode: number
  /** Seconds since 1970. */
  readonly modified: number
  /** The target of a symbolic link; empty for other files. */
  readonly target: string
}

/** Looks at a path of a container, running or not. The last name is not followed. Throws `NOT_FOUND`. */
export async function pathStatus(engine: Engine, endpoint: CopyEndpoint): Promise<PathStatus> {
  await using trees = await CopyTrees.open(engine, [endpoint], { directory: '/' })
  const [origin] = trees.origins(endpoint, false)
  if (origin === undefined) throw new TypeError('an endpoint without a pattern has one origin')
  const { status, name, fd } = origin
  const isLink = (status.mode & 0o170000) === 0o120000
  return {
    name: name === '.' ? '/' : name,
    size: status.size,
    mode: status.mode,
    modified: status.mtime,
    target: isLink ? decodeName(treeCalls.readSymlink(fd, new Uint8Array())) : '',
  }
}
