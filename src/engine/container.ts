import {
  type AttachOptions,
  attachContainer as attach,
  type ExecOptions,
  execInContainer as exec,
  killContainer as kill,
  type LogEntry,
  type RemoveOptions,
  readLogs,
  removeContainer as remove,
  runForeground,
  type StopOptions,
  startContainer as start,
  stopContainer as stop,
  waitContainer as wait,
} from '#container'
import { isStrakeError, StrakeError } from '#oci'
import { containerContext } from './container-context.ts'
import type { Engine } from './engine.ts'

/** What the verbs on one container do, over the engine: by name, ID, or the beginning of an ID. */

export async function startContainer(engine: Engine, name: string): Promise<void> {
  await start(await containerContext(engine), name)
}

/** Starts a container and stays with it; gives its exit code. */
export async function startAttached(
  engine: Engine,
  name: string,
  options: { readonly detachKeys?: string } = {},
): Promise<number> {
  const end = await runForeground(await containerContext(engine), name, options)
  return end.type === 'exited' ? end.code : 0
}

export async function stopContainer(
  engine: Engine,
  name: string,
  options: StopOptions = {},
): Promise<void> {
  await stop(await containerContext(engine), name, options)
}

export async function killContainer(engine: Engine, name: string, signal: string): Promise<void> {
  await kill(await containerContext(engine), name, signal)
}

/** Gives the exit code. */
export async function waitContainer(
  engine: Engine,
  name: string,
  signal?: AbortSignal,
): Promise<number> {
  return await wait(await containerContext(engine), name, signal)
}

/** False for a container that was not there, which `force` makes no failure. */
export async function removeContainer(
  engine: Engine,
  name: string,
  options: RemoveOptions = {},
): Promise<boolean> {
  try {
    await remove(await containerContext(engine), name, options)
    return true
  } catch (error) {
    if (options.force && isStrakeError(error, 'NOT_FOUND')) return false
    throw error
  }
}

/** Gives the exit code; 0 when the user left with the detach keys. */
export async function attachContainer(
  engine: Engine,
  name: string,
  options: AttachOptions = {},
): Promise<number> {
  const end = await attach(await containerContext(engine), name, options)
  return end.type === 'exited' ? end.code : 0
}

/** Gives the exit code; 0 for one that goes on in the background. */
export async function execInContainer(
  engine: Engine,
  name: string,
  options: ExecOptions,
): Promise<number> {
  return await exec(await containerContext(engine), name, options)
}

export interface LogRequest {
  readonly follow: boolean
  /** A number of lines, or `all`. */
  readonly tail: string
  /** RFC 3339, seconds since 1970, or an age such as `10m`. */
  readonly since?: string
  readonly until?: string
  readonly signal?: AbortSignal
}

/** What a container printed, oldest first. Throws `INVALID` for a time or number that is none. */
export async function* readContainerLogs(
  engine: Engine,
  name: string,
  request: LogRequest,
): AsyncGenerator<LogEntry> {
  const { follow, signal } = request
  const tail = parseTail(request.tail)
  yield* readLogs(await containerContext(engine), name, {
    follow,
    ...(tail === undefined ? {} : { tail }),
    ...(request.since === undefined ? {} : { since: parseTime('--since', request.since) }),
    ...(request.until === undefined ? {} : { until: parseTime('--until', request.until) }),
    ...(signal === undefined ? {} : { signal }),
  })
}

function parseTail(text: string): number | undefined {
  if (text === 'all') return undefined
  const count = Number(text)
  if (Number.isSafeInteger(count) && count >= 0) return count
  throw new StrakeError('INVALID', `Cannot use --tail ${text}: it is a number of lines, or all`)
}

const units: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 }

export function parseTime(flag: string, text: string, now: number = Date.now()): Date {
  const age = [...text.matchAll(/(\d+(?:\.\d+)?)([smhd])/g)]
  if (age.length > 0 && age.map(([part]) => part).join('') === text) {
    const seconds = age.reduce(
      (sum, [, count, unit]) => sum + Number(count) * (units[unit ?? ''] ?? 0),
      0,
    )
    return new Date(now - seconds * 1000)
  }
  const instant = /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1000 : Date.parse(text)
  if (!Number.isNaN(instant)) return new Date(instant)
  throw new StrakeError(
    'INVALID',
    `Cannot use ${flag} ${text}: it is a time (RFC 3339), seconds since 1970, or an age such as 10m`,
  )
}
