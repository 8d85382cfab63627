import type { ContainerOptions } from '#container'
import type { LogsOptions } from '#engine/container/container'
import { StrakeError } from '#oci'
import { refuse } from './refuse.ts'
import { parseTime } from './time.ts'

/** The flags of `logs` as texts, before they are parsed. */
export interface LogFlags {
  readonly follow?: boolean | undefined
  /** A number of lines, or `all`. */
  readonly tail?: string | undefined
  /** RFC 3339, seconds since 1970, or an age such as `10m`. */
  readonly since?: string | undefined
  readonly until?: string | undefined
}

/** Throws `INVALID` for an invalid time or number. */
export function parseLogFlags({ follow, tail, since, until }: LogFlags): LogsOptions {
  return {
    follow,
    tail: tail === undefined ? undefined : parseTail(tail),
    since: since === undefined ? undefined : parseTime('--since', since),
    until: until === undefined ? undefined : parseTime('--until', until),
  }
}

function parseTail(text: string): number | undefined {
  if (text === 'all') return undefined
  const count = Number(text)
  if (Number.isSafeInteger(count) && count >= 0) return count
  throw new StrakeError('INVALID', `Cannot use --tail ${text}: expected a number of lines, or all`)
}

/** Options that say what strake does anyway. */
const idle = new Set(['compress=false'])

/** Options that say whether the container waits for its log. Every log has them. */
const buffering = new Set(['mode', 'max-buffer-size'])
/** Docker's size of a buffer: 1 MiB. */
const usualBuffer = 1024 ** 2

/** Reads `--log-driver` and `--log-opt`. Throws `INVALID`. */
export function parseLogOptions(
  driver: string | undefined,
  words: readonly string[],
): NonNullable<ContainerOptions['log']> {
  const known = (['json-file', 'local', 'journald', 'none'] as const).find((one) => one === driver)
  if (driver !== undefined && known === undefined) {
    throw refuse('--log-driver', driver, 'expected json-file, local, journald or none')
  }
  let log: NonNullable<ContainerOptions['log']> = { driver: known }
  for (const word of words) {
    const at = word.indexOf('=')
    const [key, value] = [word.slice(0, at), word.slice(at + 1)]
    if (buffering.has(key)) continue
    if (key === 'tag' && known !== 'none') log = { ...log, tag: parseTag(word, value) }
    else if (known === 'journald' && /^max-/.test(key)) {
      throw refuse('--log-opt', word, 'expected tag=TAG, labels=NAMES or env=NAMES for journald')
    } else if (key === 'max-size') log = { ...log, maxSize: parseSize(word, value) }
    else if (key === 'max-file') log = { ...log, maxFile: parseCount(word, value) }
    else if (key === 'labels') log = { ...log, labels: parseNames(value) }
    else if (key === 'env') log = { ...log, env: parseNames(value) }
    else if (!idle.has(word)) {
      throw refuse(
        '--log-opt',
        word,
        'expected max-size=SIZE, max-file=COUNT, mode=non-blocking, max-buffer-size=SIZE, tag=TAG, labels=NAMES or env=NAMES',
      )
    }
  }
  const bufferSize = bufferSizeOf(words)
  return bufferSize === undefined ? log : { ...log, bufferSize }
}

/** Returns `undefined` for a container that waits for its log. */
function bufferSizeOf(words: readonly string[]): number | undefined {
  const last = (key: string): string | undefined =>
    words.findLast((word) => word.startsWith(`${key}=`))
  const [mode, size] = [last('mode'), last('max-buffer-size')]
  if (mode !== undefined && !['mode=blocking', 'mode=non-blocking'].includes(mode)) {
    throw refuse('--log-opt', mode, 'expected mode=blocking or mode=non-blocking')
  }
  if (mode === 'mode=non-blocking') {
    return size === undefined ? usualBuffer : parseSize(size, size.slice(size.indexOf('=') + 1))
  }
  if (size === undefined) return undefined
  throw refuse(
    '--log-opt',
    size,
    "max-buffer-size option is only supported with 'mode=non-blocking'",
  )
}

const tagPlace = /\{\{\s*\.(ID|FullID|Name|ImageID|ImageFullID|ImageName|DaemonName)\s*\}\}/g

function parseTag(word: string, text: string): string {
  if (!text.replace(tagPlace, '').includes('{{')) return text
  throw refuse('--log-opt', word, 'expected a text with {{.ID}}, {{.Name}} or {{.ImageName}}')
}

/** Reads names with commas between them. */
function parseNames(text: string): readonly string[] {
  return text.split(',').filter((name) => name !== '')
}

function parseSize(word: string, text: string): number {
  const match = /^(\d+)([kmg]?)b?$/i.exec(text)
  const factor = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 }[(match?.[2] ?? '').toLowerCase()]
  const size = Number(match?.[1]) * (factor ?? 1)
  if (Number.isSafeInteger(size) && size > 0) return size
  throw refuse('--log-opt', word, 'expected a size such as 10m')
}

function parseCount(word: string, text: string): number {
  const count = /^\d{1,6}$/.test(text) ? Number(text) : 0
  if (count > 0) return count
  throw refuse('--log-opt', word, 'expected a count of 1 or more')
}
