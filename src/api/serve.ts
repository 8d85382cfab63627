import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { reapAbandoned } from '#container'
import { rememberingSource } from '#container/observe/remembering-source'
import type { Engine } from '#engine/engine'
import { letGroupEnter } from '#engine/host/private-directory'
import { StrakeError } from '#oci'
import { isRoot } from '#platform'
import { createActivity } from '#platform/api-server/activity'
import { createMemoryRelease } from '#platform/api-server/release-memory'
import { type ApiAddress, parseApiAddress } from '#server/api-address'
import { type ListenApiOptions, type ListeningApi, listenApi } from '#server/listen-api'
import { createBuilder } from './builder/builder.ts'
import { relayConnections } from './builder/relay-connections.ts'
import { loadConnections } from './connections/load.ts'
import { createApi } from './create-api.ts'
import { ApiError, failureResponse } from './failure.ts'

export { type ApiAddress, parseApiAddress }

export interface ServeOptions extends Pick<ListenApiOptions, 'tls' | 'insecure' | 'allowedHosts'> {
  /** Default: the Unix socket `docker.sock` in `$STRAKE_RUN`. */
  readonly addresses?: readonly ApiAddress[] | undefined
  /** The group that may use Unix sockets. Default: `docker` for root, where it exists. */
  readonly group?: string | undefined
  /** Whether this process builds. Default: one of its own does, so that no build delays an answer. */
  readonly buildsHere?: boolean | undefined
  /** Aborts when the server has to end. */
  readonly signal: AbortSignal
  readonly onFailure?: ((error: unknown, request: Request) => void) | undefined
}

/** A server of the Engine API. */
export interface ServedApi extends ListeningApi {
  /** Resolves when nothing was done for this time, or when `signal` aborts. */
  idle(milliseconds: number, signal: AbortSignal): Promise<void>
}

/** Serves the Engine API of a store until disposed. Throws like `listenApi`. */
export async function serveEngine(engine: Engine, options: ServeOptions): Promise<ServedApi> {
  const {
    addresses = [socketOf(engine)],
    group,
    signal,
    onFailure,
    buildsHere,
    ...limits
  } = options
  // The memory of many requests at once is not needed afterwards.
  const activity = createActivity({ onQuiet: createMemoryRelease() })
  await using stack = new AsyncDisposableStack()
  const connections = buildsHere
    ? loadConnections(engine, { onFailure, begin: activity.begin })
    : relayConnections(stack.use(createBuilder(engine)), { onFailure })
  // Each answer is proven by the kernel, so another process's changes show at once.
  const states = stack.use(rememberingSource(engine.root))
  const handler = createApi(
    { ...engine, states },
    { connections, signal, onFailure, begin: activity.begin },
  )
  reapAbandoned(signal)
  // Another user may give nothing to a group of which it is no member.
  const usualGroup = isRoot() ? groupId('docker') : undefined
  const groupOfSockets = group === undefined ? usualGroup : requireGroup(group)
  const isInside = addresses.some((at) => at.kind === 'unix' && dirname(at.path) === engine.run)
  if (isInside && groupOfSockets !== undefined) letGroupEnter(engine, groupOfSockets)
  const server = stack.use(
    await listenApi(handler, {
      ...limits,
      addresses,
      activity,
      group: groupOfSockets,
      onHttp2(connection) {
        connections().then(
          ({ serve }) => serve(connection),
          () => connection.destroy(),
        )
      },
      refuse: (status, message) => failureResponse(new ApiError(status, message)),
    }),
  )
  const taken = stack.move()
  return { ...server, idle: activity.idle, [Symbol.asyncDispose]: () => taken.disposeAsync() }
}

/** The socket that is served and found by default. */
export function socketOf({ run }: Pick<Engine, 'run'>): Extract<ApiAddress, { kind: 'unix' }> {
  return { kind: 'unix', path: join(run, 'docker.sock') }
}

function requireGroup(name: string): number {
  const id = /^\d{1,9}$/.test(name) ? Number(name) : groupId(name)
  if (id !== undefined) return id
  throw new StrakeError('NOT_FOUND', `Cannot serve the group ${name}: this machine has none`)
}

/** The members of the group `docker` may use the socket, as they may use Docker's. */
function groupId(name: string): number | undefined {
  try {
    const lines = readFileSync('/etc/group', 'utf8').split('\n')
    const id = lines.map((line) => line.split(':')).find(([first]) => first === name)?.[2]
    return id === undefined ? undefined : Number(id)
  } catch {
    return undefined
  }
}
