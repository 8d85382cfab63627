import { StrakeError } from '#oci'
import { startTimer } from '#platform'
import { type ContainerContext, containerPaths } from '../model/context.ts'
import { type Container, isRunning, lostExitCode, readContainer } from '../model/record.ts'
import type { ContainerState } from '../model/state.ts'
import { changesIn } from '../observe/changes.ts'
import { readHealth } from '../observe/health.ts'
import { waitForEnd } from '../protocol/await-end.ts'
import { findContainer } from './find.ts'

/**
 * What `wait` waits for. `exited` is the end after which the container is not restarted; `next-exit`
 * is the next end of a run, `removed` the removal of the container. `ready` is `healthy` for a container
 * with health checks and `running` for another one.
 */
export type WaitCondition =
  | 'created'
  | 'running'
  | 'paused'
  | 'exited'
  | 'next-exit'
  | 'removed'
  | 'healthy'
  | 'unhealthy'
  | 'ready'

export interface WaitOptions {
  /** Default `exited`. */
  readonly condition?: WaitCondition | undefined
  /** Seconds. Default: no limit. */
  readonly timeout?: number | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Waits until a container is in a condition. Returns its exit code, which is that of the last run
 * for a container that runs. Throws `NOT_FOUND`, `INVALID` for a health that is never checked,
 * `CONFLICT` when the container ends or becomes unhealthy first, and `UNAVAILABLE` after the timeout.
 */
export async function waitContainer(
  context: ContainerContext,
  nameOrId: string,
  options: WaitOptions = {},
): Promise<number> {
  const { timeout, condition = 'exited', signal } = options
  const container = await findContainer(context, nameOrId)
  if (timeout === undefined) return await waitFor(context, container, { condition, signal })
  const late = new AbortController()
  const alarm = startTimer(timeout * 1000, () => late.abort())
  try {
    const either = signal === undefined ? late.signal : AbortSignal.any([signal, late.signal])
    return await waitFor(context, container, { condition, signal: either })
  } catch (error) {
    if (!late.signal.aborted || signal?.aborted) throw error
    throw new StrakeError(
      'UNAVAILABLE',
      `Cannot wait until ${container.name} is ${condition}: it is not after ${timeout} s`,
      { remedy: `strake logs ${container.name}` },
    )
  } finally {
    alarm.cancel()
  }
}

async function waitFor(
  context: ContainerContext,
  container: Container,
  {
    condition,
    signal,
  }: { readonly condition: WaitCondition; readonly signal?: AbortSignal | undefined },
): Promise<number> {
  if (condition === 'exited') return await waitForEnd(context, container.id, signal)
  requirePossible(container, condition)
  const { directory } = containerPaths(context, container.id)
  using ends = new Ends(context, container.id, signal)
  let last = container
  for await (const _ of watched(directory, signal)) {
    const record = context.records.containers.get(container.id)
    if (record === undefined) {
      if (condition === 'removed' || condition === 'next-exit') return await ends.codeOf(last)
      throw endedFirst(last, condition)
    }
    last = readContainer(context, record)
    if (condition === 'removed' || condition === 'next-exit') ends.see(last)
    if (isMet(context, { condition, before: container, now: last })) return last.state.exitCode
    refuseImpossible(context, last, condition)
  }
  signal?.throwIfAborted()
  return lostExitCode
}

/**
 * The exit code of a container that is removed soon after its end: its state may be gone before it was
 * looked at, so the monitor is asked while the container runs.
 */
class Ends implements Disposable {
  readonly #context: ContainerContext
  readonly #id: string
  readonly #over = new AbortController()
  readonly #signal: AbortSignal
  #end: Promise<number | undefined> | undefined

  constructor(context: ContainerContext, id: string, signal: AbortSignal | undefined) {
    this.#context = context
    this.#id = id
    const { signal: over } = this.#over
    this.#signal = signal === undefined ? over : AbortSignal.any([signal, over])
  }

  see(container: Container): void {
    if (isRunning(container)) this.#end ??= this.#ask()
    else this.#end = undefined
  }

  async codeOf({ state }: Container): Promise<number> {
    return (await this.#end) ?? state.exitCode
  }

  async #ask(): Promise<number | undefined> {
    try {
      return await waitForEnd(this.#context, this.#id, this.#signal)
    } catch {
      return undefined
    }
  }

  [Symbol.dispose](): void {
    this.#over.abort()
  }
}

/** A container whose directory is gone is looked at once more: its record is gone too. */
async function* watched(directory: string, signal?: AbortSignal): AsyncGenerator<void> {
  try {
    yield* changesIn(directory, signal)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
    yield
  }
}

function requirePossible({ name, settings }: Container, condition: WaitCondition): void {
  const isHealth = condition === 'healthy' || condition === 'unhealthy'
  if (!isHealth || settings.health !== undefined) return
  throw new StrakeError(
    'INVALID',
    `Cannot wait until ${name} is ${condition}: it has no health checks`,
    {
      remedy: 'give it --health-cmd, or an image with HEALTHCHECK',
    },
  )
}

interface Look {
  readonly condition: WaitCondition
  /** The container when the wait began. */
  readonly before: Container
  readonly now: Container
}

function isMet(context: ContainerContext, { condition, before, now }: Look): boolean {
  const { state } = now
  switch (condition) {
    case 'removed':
      return false
    case 'next-exit':
      return runsOf(state) > runsOf(before.state)
    case 'healthy':
    case 'unhealthy':
      return state.status === 'running' && readHealth(context, now)?.Status === condition
    case 'ready': {
      const health = readHealth(context, now)
      return state.status === 'running' && (health === undefined || health.Status === 'healthy')
    }
    default:
      return state.status === condition
  }
}

/** Grows with every end of a run: by the time of the last one. */
function runsOf({ finishedAt }: ContainerState): number {
  return finishedAt === '' ? 0 : Date.parse(finishedAt)
}

/** Refuses to wait for what a container that has ended, or is unhealthy, does not become by itself. */
function refuseImpossible(
  context: ContainerContext,
  container: Container,
  condition: WaitCondition,
): void {
  if (condition !== 'healthy' && condition !== 'ready') return
  const { name, state } = container
  if (!isRunning(container) && state.status !== 'created') throw endedFirst(container, condition)
  const health = state.status === 'running' ? readHealth(context, container) : undefined
  if (health?.Status !== 'unhealthy') return
  const said = health.Log.at(-1)?.Output.trim().split('\n').at(-1)?.slice(0, 200)
  throw new StrakeError(
    'CONFLICT',
    `Cannot wait until ${name} is healthy: it is unhealthy${said ? `: ${said}` : ''}`,
    { remedy: `strake logs ${name}` },
  )
}

function endedFirst({ name, state }: Container, condition: WaitCondition): StrakeError {
  return new StrakeError(
    'CONFLICT',
    `Cannot wait until ${name} is ${condition}: it ended with exit code ${state.exitCode}`,
    { remedy: `strake logs ${name}` },
  )
}
