import type { OutputStream } from '../model/options.ts'

/** A line of output or a piece of one. Long and unfinished lines come in pieces. */
export interface LogEntry {
  readonly stream: OutputStream
  /** ISO 8601. */
  readonly time: string
  /** Includes the line feed, if there is one. */
  readonly text: string
  /** Labels and variables of the container, where its log keeps them. */
  readonly attributes?: Readonly<Record<string, string>> | undefined
  /** False for a piece that continues a line. */
  readonly startsLine: boolean
}

/** An entry with facts about its whole line. */
export interface LogLine extends LogEntry {
  /** Counts lines as they begin, from 1. */
  readonly number: number
  /** The time of the line's first piece. */
  readonly began: string
}

/** Returns a function that parses records of a log file and groups them into lines. */
export function partIntoLines(): (text: string) => readonly LogLine[] {
  const unfinished = new Map<OutputStream, Pick<LogLine, 'number' | 'began'>>()
  let count = 0
  return (text) =>
    text.split('\n').flatMap((record) => {
      const entry = record === '' ? undefined : parseRecord(record)
      if (entry === undefined) return []
      const { stream, time } = entry
      const before = unfinished.get(stream)
      if (before === undefined) count += 1
      const line = before ?? { number: count, began: time }
      if (entry.text.endsWith('\n')) unfinished.delete(stream)
      else unfinished.set(stream, line)
      return [{ ...entry, ...line, startsLine: before === undefined }]
    })
}

/** Returns `undefined` for a record that a crash cut in half. */
export function parseRecord(record: string): Omit<LogEntry, 'startsLine'> | undefined {
  try {
    const { log, stream, time, attrs }: Record<string, unknown> = JSON.parse(record)
    if (typeof log !== 'string' || typeof time !== 'string') return undefined
    const attributes = readAttributes(attrs)
    const entry = { text: log, stream: stream === 'stderr' ? 'stderr' : 'stdout', time } as const
    return attributes === undefined ? entry : { ...entry, attributes }
  } catch {
    return undefined
  }
}

function readAttributes(value: unknown): Readonly<Record<string, string>> | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  return Object.fromEntries(Object.entries(value).map(([name, text]) => [name, String(text)]))
}

/** Returns the entries of the last `count` whole lines. Keeps only these in memory. */
export function lastLines(batches: Iterable<readonly LogLine[]>, count: number): LogLine[] {
  let kept: LogLine[] = []
  let first = 1
  for (const batch of batches) {
    kept.push(...batch)
    const last = kept.reduce((most, { number }) => Math.max(most, number), 0)
    first = last - count + 1
    kept = kept.filter(({ number }) => number >= first)
  }
  return kept
}
