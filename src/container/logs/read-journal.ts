import { StrakeError } from '#oci'
import { isExecutable, programEnvironment, spawnProcess } from '#platform'
import { formatTime } from './log-writer.ts'

const programs = ['/usr/bin/journalctl', '/bin/journalctl']

/**
 * Reads the entries of a container from the journal of this machine, oldest first, as records of a log
 * file. Throws `UNSUPPORTED` without the program that reads the journal.
 */
export async function* readJournal(id: string, name: string): AsyncGenerator<string> {
  const program = programs.find(isExecutable)
  if (program === undefined) {
    throw new StrakeError(
      'UNSUPPORTED',
      `Cannot read the logs of container ${name}: they are in the journal, and journalctl is missing`,
      { remedy: `on the machine of the journal: journalctl CONTAINER_ID_FULL=${id}` },
    )
  }
  const child = spawnProcess(
    [program, '--quiet', '--no-pager', '--all', '--output=json', `CONTAINER_ID_FULL=${id}`],
    { stdio: ['ignore', 'pipe', 'ignore'], env: programEnvironment, cwd: '/', ownSession: true },
  )
  try {
    const decoder = new TextDecoder()
    let rest = ''
    for await (const chunk of child.stdout ?? []) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
      rest = lines.pop() ?? ''
      const records = lines.map(recordOf).filter((record) => record !== undefined)
      if (records.length > 0) yield `${records.join('\n')}\n`
    }
  } finally {
    child.kill('SIGKILL')
  }
}

const standardFields = new Set([
  ...['MESSAGE', 'PRIORITY', 'SYSLOG_IDENTIFIER', 'IMAGE_NAME'],
  ...['CONTAINER_ID', 'CONTAINER_ID_FULL', 'CONTAINER_NAME', 'CONTAINER_TAG'],
  'CONTAINER_PARTIAL_MESSAGE',
])

/** Returns `undefined` for a line that is no entry of a container. */
export function recordOf(line: string): string | undefined {
  const entry = parseEntry(line)
  if (entry === undefined) return undefined
  const message = textOf(entry['MESSAGE'])
  const time = Number(entry['__REALTIME_TIMESTAMP'])
  if (message === undefined || !Number.isFinite(time)) return undefined
  const isWhole = entry['CONTAINER_PARTIAL_MESSAGE'] === undefined
  const attrs = Object.entries(entry).filter(
    ([key]) => !key.startsWith('_') && !standardFields.has(key),
  )
  return JSON.stringify({
    log: isWhole ? `${message}\n` : message,
    stream: entry['PRIORITY'] === '3' ? 'stderr' : 'stdout',
    ...(attrs.length === 0 ? {} : { attrs: Object.fromEntries(attrs) }),
    time: formatTime(time / 1000),
  })
}

function parseEntry(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? { ...value } : undefined
  } catch {
    return undefined
  }
}

/** journalctl prints a text that is not printable as an array of bytes. */
function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  if (!Array.isArray(value)) return undefined
  return Buffer.from(value.map(Number)).toString()
}
