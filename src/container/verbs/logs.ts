import { watch } from 'node:fs'
import { StrakeError } from '#oci'
import { type ContainerContext, containerPaths } from '../model/context.ts'
import { type LogFiles, openLogFiles } from '../model/log-files.ts'
import { type LogEntry, type LogLine, lastLines, partIntoLines } from '../model/log-lines.ts'
import { type Container, getContainer, isRunning } from '../model/record.ts'

export type { LogEntry }

export interface LogsOptions {
  /** Go on until the container has ended. */
  readonly follow?: boolean | undefined
  /** Only the last so many lines. */
  readonly tail?: number | undefined
  /** Only lines that began at or after, and at or before, these times. */
  readonly since?: Date | undefined
  readonly until?: Date | undefined
  readonly signal?: AbortSignal | undefined
}

/** What a container wrote, oldest first. Throws `NOT_FOUND`, and `UNSUPPORTED` when it keeps no log. */
export async function* readLogs(
  context: ContainerContext,
  nameOrId: string,
  options: LogsOptions = {},
): AsyncGenerator<LogEntry> {
  for await (const entries of readLogBatches(context, nameOrId, options)) yield* entries
}

/** The same, as many entries at a time as there are: to pass them on with few calls. */
export async function* readLogBatches(
  context: ContainerContext,
  nameOrId: string,
  options: LogsOptions = {},
): AsyncGenerator<readonly LogEntry[]> {
  const container = getContainer(context, nameOrId)
  if (container.settings.log.driver === 'none') {
    throw new StrakeError(
      'UNSUPPORTED',
      `Cannot read the logs of container ${container.name}: it keeps none (log driver none)`,
    )
  }
  const { log, directory } = containerPaths(context, container.id)
  const files = openLogFiles(log, container.settings.log.maxFile)
  const part = partIntoLines()
  const readNew = (): Generator<readonly LogLine[]> => readBatches(files, part, options)
  try {
    if (options.tail === undefined) yield* readNew()
    else yield lastLines(readNew(), options.tail)
    if (!options.follow) return
    for await (const _ of changes(directory, options.signal)) {
      // Asked before reading: what was written before the end is then read for certain.
      const ended = hasEnded(context, container)
      yield* readNew()
      if (ended || isPast(options.until)) return
    }
  } finally {
    files.close()
  }
}

function* readBatches(
  files: LogFiles,
  part: (text: string) => readonly LogLine[],
  options: LogsOptions,
): Generator<readonly LogLine[]> {
  for (let text = files.read(); text !== ''; text = files.read()) {
    const lines = part(text).filter((line) => within(line, options))
    if (lines.length > 0) yield lines
  }
}

function within({ began }: LogLine, { since, until }: LogsOptions): boolean {
  if (since === undefined && until === undefined) return true
  const time = Date.parse(began)
  return (since === undefined || time >= +since) && (until === undefined || time <= +until)
}

function isPast(time: Date | undefined): boolean {
  return time !== undefined && Date.now() > +time
}

function hasEnded(context: ContainerContext, { id }: Container): boolean {
  try {
    return !isRunning(getContainer(context, id))
  } catch {
    // It removed itself.
    return true
  }
}

/** How often to look without having been told: a monitor that dies changes no file. */
const lookAnyway = 500

/** Yields whenever something in a directory may have changed, the first time at once. */
async function* changes(directory: string, signal?: AbortSignal): AsyncGenerator<void> {
  let wake = Promise.withResolvers<void>()
  const watcher = watch(directory, () => wake.resolve())
  // The directory of a container that removes itself goes away under us.
  watcher.on('error', () => wake.resolve())
  const timer = setInterval(() => wake.resolve(), lookAnyway)
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
