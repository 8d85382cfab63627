import { StrakeError } from '#oci'
import type { ContainerContext, RunningContext } from '../model/context.ts'
import { lockContainer } from '../model/lock.ts'
import { type Container, getContainer } from '../model/record.ts'
import { isOrphaned } from '../recovery/abandoned.ts'

/**
 * Finds a container by name, id or the start of an id. Repairs a damaged state first, so
 * that a running container does not count as stopped, and gives a running container a monitor if
 * its own was killed. Throws `NOT_FOUND`. Loads the code of repairs only when there is something to repair.
 */
export async function findContainer(
  context: ContainerContext,
  nameOrId: string,
): Promise<Container> {
  const container = getContainer(context, nameOrId)
  if (isOrphaned(context, container)) {
    const { adoptContainer } = await import('../recovery/adopt.ts')
    await adoptContainer(context, container)
    return getContainer(context, container.id)
  }
  if (container.state.status !== 'dead') return container
  using _lock = await lockContainer(context, container)
  const { reconcileContainer } = await import('../recovery/reconcile.ts')
  await reconcileContainer(context, container)
  return getContainer(context, container.id)
}

/** Like `findContainer`, for verbs that only work on a running container. */
export async function findRunning(context: RunningContext, nameOrId: string): Promise<Container> {
  const container = getContainer(context, nameOrId)
  if (container.state.status !== 'dead') return container
  using _lock = await lockContainer(context, container)
  const { mendRunning } = await import('../setup/mend.ts')
  await mendRunning(context, container)
  return getContainer(context, container.id)
}

/** The error for a verb that needs a running container; `verb` is `exec in`, for example. */
export function notRunning(verb: string, { name, state }: Container): StrakeError {
  const { status } = state
  const reason = status === 'paused' || status === 'restarting' ? status : 'not running'
  const remedies = {
    paused: `strake unpause ${name}`,
    restarting: 'wait until it runs',
    'not running': `strake start ${name}`,
  } as const
  return new StrakeError('CONFLICT', `Cannot ${verb} container ${name}: it is ${reason}`, {
    remedy: remedies[reason],
  })
}
