import { StrakeError } from '#oci'
import { fs, isSystemError, lockDirectory, tryLockDirectory } from '#platform'
import { type ContainerContext, containerPaths } from './context.ts'

type Store = Pick<ContainerContext, 'root' | 'run' | 'records'>

/**
 * The right to start a container, to clean up after it and to remove it. It is
 * the lock of the container's directory: the process that creates or starts a
 * container holds it until the container runs, its monitor holds it while it
 * cleans up, and it is free when its holder is killed.
 */
export type ContainerLock = Disposable

/** Makes the directory of a new container and takes its lock, before its record exists. */
export async function lockNewContainer(
  context: Store,
  id: string,
  signal?: AbortSignal,
): Promise<ContainerLock> {
  const { directory } = containerPaths(context, id)
  for (;;) {
    fs().mkdirSync(directory, { recursive: true, mode: 0o700 })
    const lock = await ifThere(() => lockDirectory(directory, signal))
    // A clean-up may have removed the directory, because it has no record yet.
    if (lock !== undefined) return lock
  }
}

/** Waits for the lock of a container. Throws `NOT_FOUND` if the container is removed during the wait. */
export async function lockContainer(
  context: Store,
  { id, name }: { readonly id: string; readonly name: string },
  signal?: AbortSignal,
): Promise<ContainerLock> {
  const { directory } = containerPaths(context, id)
  while (context.records.containers.get(id) !== undefined) {
    const lock = await ifThere(() => lockDirectory(directory, signal))
    if (lock !== undefined) return lock
    // The record exists without a directory. A removal needs the directory for its lock.
    fs().mkdirSync(directory, { recursive: true, mode: 0o700 })
  }
  throw new StrakeError('NOT_FOUND', `Cannot find container ${name}: another process removed it`)
}

/** Takes the lock; returns `undefined` if another process holds it or the container is gone. */
export function tryLockContainer(
  context: Pick<Store, 'root' | 'run'>,
  id: string,
): ContainerLock | undefined {
  try {
    return tryLockDirectory(containerPaths(context, id).directory)
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return undefined
    throw error
  }
}

/** Whether a process is starting a container, cleaning up after it or removing it at this moment. */
export function isLocked(context: Pick<Store, 'root' | 'run'>, id: string): boolean {
  const lock = tryLockContainer(context, id)
  lock?.[Symbol.dispose]()
  return lock === undefined
}

/** The lock of a container as its monitor uses it. A removed container has no lock: nothing waits for it. */
export class MonitorLock implements Disposable {
  readonly #directory: string
  #held: Disposable | undefined
  #started: Promise<void> | undefined

  constructor(directory: string) {
    this.#directory = directory
  }

  /**
   * Waits until the process that starts the container has recorded the start. That process
   * holds the lock until then, or until it is killed.
   */
  waitForStart(): Promise<void> {
    this.#started ??= this.#request().then((lock) => lock?.[Symbol.dispose]())
    return this.#started
  }

  /** Keeps other processes from starting or removing the container until it is disposed. */
  async take(): Promise<void> {
    // The lock is not recursive: a second request would wait for ever.
    if (this.#held !== undefined) return
    await this.#started
    const request = this.#request()
    this.#started = request.then(() => undefined)
    this.#held = await request
  }

  #request(): Promise<Disposable | undefined> {
    return ifThere(() => lockDirectory(this.#directory))
  }

  [Symbol.dispose](): void {
    this.#held?.[Symbol.dispose]()
  }
}

async function ifThere<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work()
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return undefined
    throw error
  }
}
