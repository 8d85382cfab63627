import {
  connectNetwork as connect,
  disconnectNetwork as disconnect,
  type NetworkChoice,
} from '#container'
import { isStrakeError, StrakeError } from '#oci'
import { containerContext } from '../container/container-context.ts'
import type { Engine } from '../engine.ts'
import { findBuiltIn } from './network-details.ts'

/** Connects a container to a network, running or not. Throws `CONFLICT`, `DENIED` and `NOT_FOUND`. */
export async function connectNetwork(
  engine: Engine,
  container: string,
  choice: NetworkChoice,
): Promise<void> {
  requireBridge('connect', choice.name, container)
  await connect(await containerContext(engine), container, choice)
}

/**
 * Disconnects a container from a network, running or not. With `force`, a container that is not on
 * the network is no error. Throws `CONFLICT`, `DENIED` and `NOT_FOUND`.
 */
export async function disconnectNetwork(
  engine: Engine,
  container: string,
  { network, force = false }: { readonly network: string; readonly force?: boolean | undefined },
): Promise<void> {
  requireBridge('disconnect', network, container)
  try {
    await disconnect(await containerContext(engine), container, network)
  } catch (error) {
    if (!force || !isStrakeError(error, 'CONFLICT')) throw error
  }
}

function requireBridge(action: string, network: string, container: string): void {
  const fixed = findBuiltIn(network)
  if (fixed === undefined || fixed.name === 'bridge') return
  throw new StrakeError(
    'DENIED',
    `Cannot ${action} ${container}: a container joins or leaves the network ${fixed.name} only when it is made`,
  )
}
