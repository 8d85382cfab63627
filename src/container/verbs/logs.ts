import { closeSync, fstatSync, readSync, statSync, watch } from 'node:fs'
import { StrakeError } from '#oci'
import { isSystemError, openPlainFile } from '#platform'
import { type ContainerContext, containerPaths } from '../model/context.ts'
import { type Container, getContainer, isRunning } from '../model/record.ts'
import type { OutputStream } from '../protocol/frames.ts'

/** A line of output, or a piece of one that is longer than 16 KiB. */
export interface LogEntry {
  readonly stream: OutputStream
  /** ISO 8601. */
  readonly time: string
  /** With its line feed, when it has one. */
  readonly text: string
}

export interface LogsOptions {
  /** Go on until the container has ended. */
  readonly follow?: boolean | undefined
  /** Only the last so many lines. */
  readonly tail?: number | undefined
  /** Only what was written at or after, and at or before, these times. */
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
  const container = getContainer(context, nameOrId)
  if (container.settings.log.driver === 'none') {
    throw new StrakeError(
      'UNSUPPORTED',
      `Cannot read the logs of container ${container.name}: it keeps none (log driver none)`,
    )
  }
  const { log, directory } = containerPaths(context, container.id)
  const chain = openChain(log, container.settings.log.maxFile)
  try {
    const past = [...readNew(chain)].filter((entry) => within(entry, options))
    yield* options.tail === undefined ? past : past.slice(Math.max(0, past.length - options.tail))
    if (!options.follow) return
    for await (const _ of changes(directory, options.signal)) {
      // Asked before reading: what was written before the end is then read for certain.
      const ended = hasEnded(context, container)
      for (const entry of readNew(chain)) {
        if (isAfter(entry, options.until)) return
        if (within(entry, options)) yield entry
      }
      if (ended) return
    }
  } finally {
    chain.close()
  }
}

function within(entry: LogEntry, { since, until }: LogsOptions): boolean {
  return !isAfter(entry, until) && (since === undefined || Date.parse(entry.time) >= +since)
}

function isAfter(entry: LogEntry, until: Date | undefined): boolean {
  return until !== undefined && Date.parse(entry.time) > +until
}

function hasEnded(context: ContainerContext, { id }: Container): boolean {
  try {
    return !isRunning(getContainer(context, id))
  } catch {
    // It removed itself.
    return true
  }
}

/** The files of a log from the oldest to the one being written, read once each and in order. */
interface LogChain {
  /** Complete lines not read before; nothing when there are none. */
  read(): string
  close(): void
}

const blockSize = 256 * 1024

function openChain(path: string, maxFile: number): LogChain {
  let fd = openOldest(path, maxFile)
  const decoder = new TextDecoder()
  const buffer = new Uint8Array(blockSize)
  let rest = ''
  const readBlock = (): string => {
    if (fd === undefined) fd = openFile(path)
    if (fd === undefined) return ''
    return decoder.decode(buffer.subarray(0, readSync(fd, buffer)), { stream: true })
  }
  return {
    read() {
      let text = readBlock()
      if (text === '' && fd !== undefined) {
        const next = openNext(path, fd, maxFile)
        if (next !== undefined) {
          // Written before it was set aside, after we last looked.
          text = readBlock()
          if (text !== '') closeSync(next)
          else {
            closeSync(fd)
            fd = next
            text = readBlock()
          }
        }
      }
      const end = text.lastIndexOf('\n') + 1
      const lines = end === 0 ? '' : rest + text.slice(0, end)
      rest = end === 0 ? rest + text : text.slice(end)
      return end === 0 && text !== '' ? this.read() : lines
    },
    close() {
      if (fd !== undefined) closeSync(fd)
    },
  }
}

function* readNew(chain: LogChain): Generator<LogEntry> {
  for (let lines = chain.read(); lines !== ''; lines = chain.read()) {
    for (const line of lines.split('\n')) {
      const entry = line === '' ? undefined : parseEntry(line)
      if (entry !== undefined) yield entry
    }
  }
}

/** A line that a crash cut in half is left out. */
function parseEntry(line: string): LogEntry | undefined {
  try {
    const { log, stream, time }: Record<string, unknown> = JSON.parse(line)
    if (typeof log !== 'string' || typeof time !== 'string') return undefined
    return { text: log, stream: stream === 'stderr' ? 'stderr' : 'stdout', time }
  } catch {
    return undefined
  }
}

function openOldest(path: string, maxFile: number): number | undefined {
  for (let index = maxFile - 1; index > 0; index--) {
    const fd = openFile(`${path}.${index}`)
    if (fd !== undefined) return fd
  }
  return openFile(path)
}

/** The file after the one that is open as `fd`; `undefined` when that is the current one. */
function openNext(path: string, fd: number, maxFile: number): number | undefined {
  const { ino } = fstatSync(fd)
  if (inodeOf(path) === ino) return undefined
  for (let index = 1; index < maxFile; index++) {
    if (inodeOf(`${path}.${index}`) === ino) {
      return openFile(index === 1 ? path : `${path}.${index - 1}`)
    }
  }
  // Rotated out while we were not looking: go on with the oldest there is.
  return openOldest(path, maxFile)
}

function inodeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.ino
}

function openFile(path: string): number | undefined {
  try {
    return openPlainFile(path)
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return undefined
    throw error
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
