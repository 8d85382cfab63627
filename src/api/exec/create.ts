import { member, texts } from '#docker/bodies/fields'
import { createExec } from '#engine/process/execs'
import { readObject } from '../body.ts'
import type { ApiCall } from '../call.ts'
import { containerId } from '../containers/find.ts'
import { ApiError } from '../failure.ts'
import { reply } from '../reply.ts'
import { requireDetachKeys } from '../streams/detach-keys.ts'

/** `POST /containers/{id}/exec`. */
export async function create(call: ApiCall): Promise<Response> {
  const id = containerId(call)
  const body = await readObject(call.request)
  const command = texts(body, 'Cmd') ?? []
  if (command.length === 0) throw new ApiError(400, 'No exec command specified')
  const detachKeys = member(body, 'DetachKeys', 'string') || undefined
  requireDetachKeys(detachKeys)
  const exec = await createExec(call.engine, id, {
    command,
    env: texts(body, 'Env'),
    tty: member(body, 'Tty', 'boolean'),
    interactive: member(body, 'AttachStdin', 'boolean'),
    stdout: member(body, 'AttachStdout', 'boolean') ?? false,
    stderr: member(body, 'AttachStderr', 'boolean') ?? false,
    user: member(body, 'User', 'string') || undefined,
    workingDir: member(body, 'WorkingDir', 'string') || undefined,
    privileged: member(body, 'Privileged', 'boolean'),
    detachKeys,
  })
  return reply({ Id: exec }, { status: 201 })
}
