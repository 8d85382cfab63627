import { StrakeError } from '#oci'
import type { ContainerContext } from '../model/context.ts'
import { getContainer, isRunning } from '../model/record.ts'
import { removeRemains } from '../setup/remains.ts'
import { killContainer, waitForEnd } from './control.ts'
import { reconcileContainer } from './reconcile.ts'

export interface RemoveOptions {
  /** Kill it first when it runs. */
  readonly force?: boolean
  /** Its anonymous volumes too. */
  readonly volumes?: boolean
}

/** Removes a container. Throws `CONFLICT` when it runs and `force` is not given, `NOT_FOUND`. */
export async function removeContainer(
  context: ContainerContext,
  nameOrId: string,
  options: RemoveOptions = {},
): Promise<void> {
  const container = getContainer(context, nameOrId)
  if (isRunning(container)) {
    if (!options.force) {
      throw new StrakeError(
        'CONFLICT',
        `Cannot remove container ${container.name}: it is ${container.state.status}`,
        { remedy: 'stop it first, or use --force' },
      )
    }
    await killContainer(context, container.id, 'SIGKILL')
    await waitForEnd(context, container.id)
  }
  await reconcileContainer(context, container)
  await removeRemains(context, container, options.volumes)
}
