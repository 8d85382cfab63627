import { StrakeError } from '#oci'
import { isAlive, isSystemError, type ProcessIdentity } from '#platform'
import { ContainerView } from '#runtime'

interface Running {
  readonly name: string
  readonly state: { readonly process?: ProcessIdentity }
}

/** The files that the processes of a running container see. Throws `CONFLICT` when it has ended. */
export function viewOfRunning({ name, state }: Running): ContainerView {
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
