import { readdir, rm } from 'node:fs/promises'
import { StrakeError } from '#oci'
import { ignoreAbsent, readSmallFile } from '#platform'
import type { Engine } from '../engine.ts'
import { type LoggedEvent, readLog } from './build-log.ts'
import { type BuildRecord, isBuildId, parseRecord } from './record.ts'
import { recordDirectory } from './recorder.ts'

export type { LoggedEvent } from './build-log.ts'
export type { BuildRecord } from './record.ts'

/** The most bytes of a record, and of a log, that are read. A log is written with less. */
const largestRecord = 4 * 2 ** 20
const largestLog = 32 * 2 ** 20

/** Returns the records of builds, the newest first. */
export async function buildHistory({
  root,
}: Pick<Engine, 'root'>): Promise<readonly BuildRecord[]> {
  const directory = recordDirectory(root)
  const files = (await readdir(directory).catch(ignoreAbsent)) ?? []
  const ids = files.flatMap((file) => (file.endsWith('.json') ? [file.slice(0, -5)] : []))
  return ids
    .filter(isBuildId)
    .flatMap((id) => readRecord(directory, id) ?? [])
    .sort((a, b) => b.startedAt.getTime() - a.startedAt.getTime() || (a.id < b.id ? -1 : 1))
}

function readRecord(directory: string, id: string): BuildRecord | undefined {
  const text = readSmallFile(`${directory}/${id}.json`, largestRecord)
  if (text === undefined || text.length > largestRecord) return undefined
  const record = parseRecord(Buffer.from(text))
  return record?.id === id ? record : undefined
}

/**
 * Finds the record of an ID, of the beginning of one, or of `^1` for the build before the last.
 * Without a text it is the last one. Throws `NOT_FOUND`.
 */
export async function findBuild(engine: Engine, text: string | undefined): Promise<BuildRecord> {
  const records = await buildHistory(engine)
  if (text === undefined || text === '' || /^\^\d{1,4}$/.test(text)) {
    const record = records[Number(text?.slice(1) || 0)]
    if (record !== undefined) return record
    const reason = records.length === 0 ? 'no build is recorded' : `${records.length} are recorded`
    throw new StrakeError('NOT_FOUND', `Cannot find the build ${text ?? ''}: ${reason}`)
  }
  // buildx writes the builder and its node before the ID.
  const id = text.split('/').at(-1) ?? ''
  const found = records.filter((record) => record.id.startsWith(id))
  const [record, ...others] = found
  if (record !== undefined && others.length === 0) return record
  const reason = record === undefined ? 'there is no such record' : 'several IDs begin so'
  throw new StrakeError('NOT_FOUND', `Cannot find the build ${text}: ${reason}`, {
    remedy: 'strake buildx history ls',
  })
}

/** Reads the events of a build. */
export function buildLog(engine: Pick<Engine, 'root'>, record: BuildRecord): Iterable<LoggedEvent> {
  return readLog(buildLogText(engine, record))
}

/** The events of a build as they are in the file: one JSON object a line. */
export function buildLogText({ root }: Pick<Engine, 'root'>, { id }: BuildRecord): string {
  return readSmallFile(buildFiles(root, id).log, largestLog) ?? ''
}

/** The files of a record. */
export function buildFiles(
  root: string,
  id: string,
): { readonly record: string; readonly log: string } {
  const start = `${recordDirectory(root)}/${id}`
  return { record: `${start}.json`, log: `${start}.log` }
}

/** Removes records. */
export async function removeBuilds(
  { root }: Pick<Engine, 'root'>,
  records: readonly Pick<BuildRecord, 'id'>[],
): Promise<void> {
  for (const { id } of records) {
    for (const kind of ['json', 'log']) {
      await rm(`${recordDirectory(root)}/${id}.${kind}`, { force: true })
    }
  }
}
