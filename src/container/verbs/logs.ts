import { StrakeError } from '#oci'
import { type LogFiles, openLogFiles } from '../logs/log-files.ts'
import { type LogEntry, type LogLine, lastLines, partIntoLines } from '../logs/log-lines.ts'
import { readJournal } from '../logs/read-journal.ts'
import { type ContainerContext, containerPaths } from '../model/context.ts'
import { type Container, getContainer, isRunning } from '../model/record.ts'
import { changesIn } from '../observe/changes.ts'

export type { LogEntry }

export interface LogsOptions {
  /** Waits for more output until the container has ended. */
  readonly follow?: boolean | undefined
  /** Only this many of the last lines. */
  readonly tail?: number | undefined
  /** Only lines that began at or after, and at or before, these times. */
  readonly since?: Date | undefined
  readonly until?: Date | undefined
  readonly signal?: AbortSignal | undefined
}

/** Reads the output of a container, oldest first. Throws `NOT_FOUND`, and `UNSUPPORTED` without a log. */
export async function* readLogs(
  context: ContainerContext,
  nameOrId: string,
  options: LogsOptions = {},
): AsyncGenerator<LogEntry> {
  for await (const entries of readLogBatches(context, nameOrId, options)) yield* entries
}

/** Like `readLogs`, but yields all available entries at once, so that a caller writes them with few calls. */
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
  if (container.settings.log.driver === 'journald') return yield* readEntries(container, options)
  const { log, directory } = containerPaths(context, container.id)
  const files = openLogFiles(log, container.settings.log.maxFile)
  const part = partIntoLines()
  const readNew = (): Generator<readonly LogLine[]> => readBatches(files, part, options)
  try {
    if (options.tail === undefined) yield* readNew()
    else yield lastLines(readNew(), options.tail)
    if (!options.follow) return
    for await (const _ of changesIn(directory, options.signal)) {
      // Checked before the read, so that the read includes everything written before the end.
      const ended = hasEnded(context, container)
      yield* readNew()
      if (ended || isPast(options.until)) return
    }
  } finally {
    files.close()
  }
}

async function* readEntries(
  { id, name }: Container,
  options: LogsOptions,
): AsyncGenerator<readonly LogEntry[]> {
  if (options.follow) {
    throw new StrakeError(
      'UNSUPPORTED',
      `Cannot follow the logs of container ${name}: they are in the journal`,
      { remedy: `journalctl --follow CONTAINER_ID_FULL=${id}` },
    )
  }
  const part = partIntoLines()
  let last: LogLine[] = []
  for await (const text of readJournal(id, name)) {
    options.signal?.throwIfAborted()
    const lines = part(text).filter((line) => within(line, options))
    if (options.tail === undefined) yield lines
    else last = lastLines([last, lines], options.tail)
  }
  yield last
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
    const container = getContainer(context, id)
    return !isRunning(container) && container.state.status !== 'dead'
  } catch {
    // The container removed itself.
    return true
  }
}
