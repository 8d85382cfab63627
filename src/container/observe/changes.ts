import { watch } from 'node:fs'

/** Milliseconds between two checks without an event, because a monitor that dies changes no file. */
const pollInterval = 500

/** Yields when the directory of a container may have changed; the first time at once. */
export async function* changesIn(directory: string, signal?: AbortSignal): AsyncGenerator<void> {
  let wake = Promise.withResolvers<void>()
  const watcher = watch(directory, () => wake.resolve())
  // A container that removes itself removes the watched directory.
  watcher.on('error', () => wake.resolve())
  const timer = setInterval(() => wake.resolve(), pollInterval)
  const stop = (): void => wake.resolve()
  signal?.addEventListener('abort', stop, { once: true })
  try {
    while (!signal?.aborted) {
      yield
      await wake.promise
      wake = Promise.withResolvers()
    }
  } finally {
    signal?.removeEventListener('abort', stop)
    clearInterval(timer)
    watcher.close()
  }
}
