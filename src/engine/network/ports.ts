import { addPorts as add, removePorts as remove } from '#container'
import type { PortRequest, PublishedPort } from '#network'
import { containerContext } from '../container/container-context.ts'
import type { Engine } from '../engine.ts'

/** Publishes more ports of a container, running or not. Throws `CONFLICT`, `DENIED` and `NOT_FOUND`. */
export async function addPorts(
  engine: Engine,
  container: string,
  ports: readonly PortRequest[],
  signal?: AbortSignal,
): Promise<readonly PublishedPort[]> {
  engine.records.guardRoom()
  return await add(await containerContext(engine), container, ports, signal)
}

/** Ends published ports of a container, running or not. Throws `DENIED` and `NOT_FOUND`. */
export async function removePorts(
  engine: Engine,
  container: string,
  ports: readonly PortRequest[],
): Promise<readonly PublishedPort[]> {
  return await remove(await containerContext(engine), container, ports)
}
