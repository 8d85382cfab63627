import { StrakeError } from '#oci'
import { openDatagramSender, pathExists } from '#platform'
import type { ContainerSettings } from '../model/settings.ts'
import type { LogSink } from './buffered-log.ts'
import type { LogFile } from './log-file.ts'
import { parseRecord } from './log-lines.ts'
import { fillTag, type TaggedContainer } from './tag.ts'

/** The socket of journald for entries in its own protocol. */
export const journalSocket = '/run/systemd/journal/socket'

/** Throws `UNSUPPORTED` for a machine whose journal does not run. */
export function requireJournal(name: string): void {
  if (pathExists(journalSocket)) return
  throw new StrakeError(
    'UNSUPPORTED',
    `Cannot start container ${name}: it logs to the journal, and journald is not enabled on this host`,
    { remedy: 'choose another log with --log-driver' },
  )
}

/** Milliseconds that the container waits for a journal that does not read. Then its output is lost. */
const patience = 1000
/** The same for a log in memory, which is sent later again. The kernel reads 0 as no limit. */
const leastPatience = 1
const lineFeed = 10

export interface JournalOptions {
  /** The socket of the journal. */
  readonly path?: string
  /** Whether a record waits for a journal that does not read. Default: true. */
  readonly waits?: boolean
}

/**
 * A log whose records become entries of the journal, each with `fields`.
 *
 * @see https://systemd.io/JOURNAL_NATIVE_PROTOCOL/
 */
export function openJournal(
  fields: Readonly<Record<string, string>>,
  { path = journalSocket, waits = true }: JournalOptions = {},
): LogFile & LogSink {
  const sender = openDatagramSender(path, { patience: waits ? patience : leastPatience })
  const send = (line: string): void => {
    const entry = line === '' ? undefined : parseRecord(line)
    if (entry === undefined) return
    const isWhole = entry.text.endsWith('\n')
    sender.send(
      encodeEntry({
        MESSAGE: isWhole ? entry.text.slice(0, -1) : entry.text,
        PRIORITY: entry.stream === 'stderr' ? errorPriority : infoPriority,
        ...(isWhole ? {} : { CONTAINER_PARTIAL_MESSAGE: 'true' }),
        ...fields,
      }),
    )
  }
  return {
    append(records) {
      for (const line of Buffer.from(records).toString().split('\n')) send(line)
    },
    async write(records) {
      const end = records.indexOf(lineFeed) + 1 || records.length
      send(Buffer.from(records.subarray(0, end)).toString().trimEnd())
      return end
    },
    written: async () => {},
    close: () => sender.close(),
  }
}

const [errorPriority, infoPriority] = ['3', '6']

/** A value with a line feed has its length before it: eight bytes, little-endian. */
export function encodeEntry(fields: Readonly<Record<string, string>>): Uint8Array {
  const parts = Object.entries(fields).flatMap(([name, value]) => {
    if (!value.includes('\n')) return [Buffer.from(`${name}=${value}\n`)]
    const bytes = Buffer.from(value)
    const length = Buffer.alloc(8)
    length.writeBigUInt64LE(BigInt(bytes.length))
    return [Buffer.from(`${name}\n`), length, bytes, Buffer.from('\n')]
  })
  return Buffer.concat(parts)
}

export interface DescribedContainer extends TaggedContainer {
  readonly settings: Pick<ContainerSettings, 'image' | 'log'>
}

/** The fields that Docker gives to every entry of a container, and its chosen labels and variables. */
export function journalFields(
  { id, name, settings }: DescribedContainer,
  attributes: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  const { image, log } = settings
  const tag = fillTag(log.tag ?? '{{.ID}}', { id, name, settings })
  const chosen = Object.entries(attributes).map(([key, value]) => [fieldName(key), value] as const)
  return {
    ...Object.fromEntries(chosen.filter(([key]) => key !== '')),
    CONTAINER_ID: id.slice(0, 12),
    CONTAINER_ID_FULL: id,
    CONTAINER_NAME: name,
    CONTAINER_TAG: tag,
    IMAGE_NAME: image.reference,
    SYSLOG_IDENTIFIER: tag,
  }
}

/** Journald accepts capital letters, digits and `_`, and no `_` at the beginning. */
function fieldName(key: string): string {
  return key
    .toUpperCase()
    .replace(/[^A-Z0-9]/g, '_')
    .replace(/^_+/, '')
    .slice(0, 64)
}
