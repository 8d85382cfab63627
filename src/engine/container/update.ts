import { type ContainerChange, updateContainer as update } from '#container'
import { supportedResources } from '#runtime'
import type { Emit } from '#stream'
import type { Engine } from '../engine.ts'
import { containerContext } from './container-context.ts'

export type { ContainerChange }

export interface UpdateOptions extends ContainerChange {
  /** Gets a warning for each limit that this machine cannot set. */
  readonly emit?: Emit | undefined
}

/** Changes the limits and the restart policy of a container. Throws `INVALID`, `CONFLICT`, `NOT_FOUND`. */
export async function updateContainer(
  engine: Engine,
  name: string,
  { resources = {}, restart, emit }: UpdateOptions,
): Promise<void> {
  const usable = supportedResources(resources)
  for (const message of usable.warnings) emit?.({ type: 'warning', message })
  await update(await containerContext(engine), name, { resources: usable.resources, restart })
}
