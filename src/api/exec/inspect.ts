import { parseDetachKeys } from '#container'
import { readExec } from '#engine/process/execs'
import type { ApiCall } from '../call.ts'
import { reply } from '../reply.ts'

/** `GET /exec/{id}/json`. */
export async function inspect({ engine, params }: ApiCall): Promise<Response> {
  const { id, container, request, state, pid, exitCode } = readExec(engine, params['id'] ?? '')
  const [entrypoint, ...args] = request.command
  return reply({
    ID: id,
    Running: state === 'running',
    ExitCode: exitCode ?? null,
    ProcessConfig: {
      tty: request.tty === true,
      entrypoint,
      arguments: args,
      privileged: request.privileged === true,
      ...(request.user === undefined ? {} : { user: request.user }),
    },
    OpenStdin: request.interactive === true,
    OpenStderr: request.stderr,
    OpenStdout: request.stdout,
    CanRemove: false,
    ContainerID: container,
    // Bytes are in base64, as Go writes them. The Docker CLI cannot read anything else.
    DetachKeys: Buffer.from(parseDetachKeys(request.detachKeys ?? '')).toString('base64'),
    Pid: pid ?? 0,
  })
}
