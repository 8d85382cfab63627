import { StrakeError } from '#oci'
import { type ContainerContext, containerPaths } from '../model/context.ts'
import { getContainer } from '../model/record.ts'
import { connectMonitor } from '../protocol/connection.ts'
import { runSession, type SessionEnd } from '../session/session.ts'
import { standardStreams, type UserStreams } from '../session/streams.ts'
import { passSignal } from './control.ts'
import { forwardSignals } from './foreground.ts'

export interface AttachOptions {
  readonly streams?: UserStreams
  /** Pass our input on; only a container made with `-i` takes it. Default true. */
  readonly stdin?: boolean
  /** Pass our signals on, where no terminal does. Default true. */
  readonly proxySignals?: boolean
  readonly detachKeys?: string
  /** Leaves; the container goes on. */
  readonly signal?: AbortSignal
}

/** Joins a running container's streams. Throws `CONFLICT` when it does not run, `NOT_FOUND`. */
export async function attachContainer(
  context: ContainerContext,
  nameOrId: string,
  options: AttachOptions = {},
): Promise<SessionEnd> {
  const container = getContainer(context, nameOrId)
  const { name, id, settings, state } = container
  if (state.status !== 'running' && state.status !== 'restarting') {
    throw new StrakeError('CONFLICT', `Cannot attach to container ${name}: it is ${state.status}`)
  }
  const connection = await connectMonitor(containerPaths(context, id).socket)
  if (connection === undefined) {
    throw new StrakeError('UNAVAILABLE', `Cannot attach to container ${name}: its monitor is gone`)
  }
  await connection.send({ kind: 'hello', hello: { output: true } })
  const stop =
    options.proxySignals !== false && !settings.tty
      ? forwardSignals((signal) => passSignal(context, id, signal))
      : undefined
  try {
    return await runSession(connection, {
      streams: options.streams ?? standardStreams,
      terminal: settings.tty,
      stdin: options.stdin !== false && settings.interactive,
      ...(options.detachKeys === undefined ? {} : { detachKeys: options.detachKeys }),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    })
  } finally {
    stop?.()
  }
}
