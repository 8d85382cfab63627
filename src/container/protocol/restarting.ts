import { isAlive, toIdentity } from '#platform'
import type { ContainerPaths } from '../model/context.ts'
import { readJson } from '../model/state.ts'

/**
 * Whether the process that has stopped the container for a restart lives; `undefined` if none has.
 * With `--rm` the container stays for it.
 */
export function restarterLives({
  stopRequest,
}: Pick<ContainerPaths, 'stopRequest'>): boolean | undefined {
  const process = toIdentity(readJson(stopRequest))
  return process === undefined ? undefined : isAlive(process)
}
