import { getContainer, isRunning } from '#container'
import { requireName } from '#docker/bodies/container-body'
import {
  killContainer,
  pauseContainer,
  removeContainer,
  renameContainer,
  restartContainer,
  startContainer,
  stopContainer,
  unpauseContainer,
} from '#engine/container/container'
import type { ApiCall, ApiHandler } from '../call.ts'
import { ApiError } from '../failure.ts'
import { done } from '../reply.ts'
import { containerId, nameTaken } from './find.ts'

/** The options of `stop` and `restart`: seconds to wait, and a signal. */
function stopOptions({ query, signal }: ApiCall) {
  return { timeout: query.whole('t'), stopSignal: query.text('signal'), signal }
}

const runs = ({ engine }: ApiCall, id: string): boolean => isRunning(getContainer(engine, id))

export const start: ApiHandler = async (call) => {
  const id = containerId(call)
  if (runs(call, id)) return done(304)
  try {
    await startContainer(call.engine, id)
  } catch (error) {
    await removeFailed(call, id)
    throw error
  }
  return done()
}

/** A client that waits for the removal of a container with `AutoRemove` would wait for ever. */
async function removeFailed({ engine }: ApiCall, id: string): Promise<void> {
  const isTemporary = engine.records.containers.get(id)?.config['remove'] === true
  if (isTemporary) await removeContainer(engine, id, { force: true, volumes: true })
}

export const stop: ApiHandler = async (call) => {
  const id = containerId(call)
  if (!runs(call, id)) return done(304)
  await stopContainer(call.engine, id, stopOptions(call))
  return done()
}

export const restart: ApiHandler = async (call) => {
  await restartContainer(call.engine, containerId(call), stopOptions(call))
  return done()
}

export const kill: ApiHandler = async (call) => {
  const id = containerId(call)
  if (!runs(call, id)) {
    throw new ApiError(
      409,
      `cannot kill container: ${call.params['id']}: container ${id} is not running`,
    )
  }
  await killContainer(call.engine, id, call.query.text('signal') ?? 'SIGKILL')
  return done()
}

export const pause: ApiHandler = async (call) => {
  await pauseContainer(call.engine, containerId(call))
  return done()
}

export const unpause: ApiHandler = async (call) => {
  await unpauseContainer(call.engine, containerId(call))
  return done()
}

export const rename: ApiHandler = async (call) => {
  const name = call.query.text('name')
  if (name === undefined) throw new ApiError(400, 'Neither old nor new names may be empty')
  const [id, wanted] = [containerId(call), name.replace(/^\//, '')]
  const holder = call.engine.records.containers.list().find((one) => one.name === wanted)
  if (holder?.id === id) {
    throw new ApiError(400, 'Renaming a container with the same name as its current name')
  }
  if (holder !== undefined) throw nameTaken(wanted, holder.id)
  requireName(wanted)
  await renameContainer(call.engine, id, wanted)
  return done()
}

export const remove: ApiHandler = async (call) => {
  const { query, engine } = call
  const id = containerId(call)
  const force = query.flag('force')
  if (!force && runs(call, id)) {
    throw new ApiError(
      409,
      `cannot remove container "${call.params['id']}": container is running: stop the container before removing or force remove`,
    )
  }
  await removeContainer(engine, id, { force, volumes: query.flag('v') })
  return done()
}
