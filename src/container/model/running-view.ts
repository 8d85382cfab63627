import { StrakeError } from '#oci'
import { isAlive, isSystemError, type ProcessIdentity } from '#platform'
import { ContainerView, isSandboxed, type RuntimeProgram } from '#runtime'

interface Running {
  readonly name: string
  readonly state: { readonly process?: ProcessIdentity; readonly root?: string }
}

/**
 * The files that the processes of a running container see; of a sandbox, those without its mounts.
 * Throws `CONFLICT` when the container has ended.
 */
export function viewOfRunning(
  { name, state }: Running,
  runtime: Pick<RuntimeProgram, 'name'> | undefined,
): ContainerView {
  if (runtime !== undefined && isSandboxed(runtime) && state.root !== undefined) {
    return ContainerView.ofRoot(state.root)
  }
  const identity = state.process
  const view = identity && openView(identity)
  if (view !== undefined) return view
  throw new StrakeError('CONFLICT', `Cannot use container ${name}: it is not running`)
}

/**
 * The files that a process sees; `undefined` if it has ended. The process is checked after
 * its root was opened, because before that another process may have got its number.
 */
export function openView(identity: ProcessIdentity): ContainerView | undefined {
  try {
    const view = ContainerView.ofProcess(identity.pid)
    if (isAlive(identity)) return view
    view[Symbol.dispose]()
    return undefined
  } catch (error) {
    if (isSystemError(error, 'ENOENT', 'ESRCH')) return undefined
    throw error
  }
}
