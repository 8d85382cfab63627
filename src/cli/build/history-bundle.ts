import { readStatusFile, statusType, writeStatusFile } from '#api/buildkit/store/status-file'
import { bundleRecord, readBundleRecord } from '#docker/documents/build/bundle-record'
import { buildkitSpans } from '#docker/documents/build/trace'
import { findArchive, readArchive } from '#engine/archive/archive-file'
import { writeArchive } from '#engine/archive/output-file'
import type { Engine } from '#engine/engine'
import { readAttachments } from '#engine/history/attachments'
import { type BundledBuild, readBundle, writeBundle } from '#engine/history/bundle'
import { type BuildRecord, buildLog, buildLogText } from '#engine/history/history'
import { isBuildId, parseRecord } from '#engine/history/record'
import { keepRecord, recordDirectory } from '#engine/history/recorder'
import { traceOf } from '#engine/history/spans'
import { formatPlatform, StrakeError, sha256 } from '#oci'
import { hostPlatform } from '#platform'
import { fromBuffer } from '#stream'

/** Media types of the files of a bundle beside BuildKit's log: its trace, and record and log in our form. */
const traceType = 'application/vnd.buildkit.otlp.json.v0'
const logType = 'application/vnd.strake.build-log.v1'
const ownType = 'application/vnd.strake.build-record.v1+json'

/** Writes builds into buildx's `.dockerbuild`, or to standard output. */
export async function exportBuilds(
  engine: Engine,
  records: readonly BuildRecord[],
  options: Parameters<typeof writeArchive>[1],
): Promise<void> {
  const builds = await Array.fromAsync(records, (record) => bundled(engine, record))
  await writeArchive(fromBuffer(await writeBundle(builds)), options)
}

async function bundled(engine: Engine, record: BuildRecord): Promise<BundledBuild> {
  const attachments = await readAttachments(engine, record)
  const own = (mediaType: string, text: string) => {
    const raw = new TextEncoder().encode(text)
    return { mediaType, raw, digest: sha256(raw), size: raw.length }
  }
  const trace = own(traceType, buildkitSpans(traceOf(record, buildLog(engine, record))))
  const log = await writeStatusFile(engine, record)
  const logs = { mediaType: statusType, raw: log, digest: sha256(log), size: log.length }
  const attestations = attachments.map(({ descriptor, raw }) => ({ ...descriptor, raw }))
  const platform = formatPlatform(hostPlatform())
  return {
    id: record.id,
    record: bundleRecord(record, { logs, trace, attestations }, platform),
    files: [
      trace,
      logs,
      own(logType, buildLogText(engine, record)),
      own(ownType, JSON.stringify(record)),
      ...attestations,
    ],
  }
}

/** Adds the builds of a bundle to the records. Returns their IDs. */
export async function importBuilds(
  engine: Engine,
  file: string,
  signal?: AbortSignal,
): Promise<readonly string[]> {
  const archive = await findArchive('import', file)
  const builds = await readBundle(readArchive(archive, signal))
  if (builds.length === 0) {
    throw new StrakeError('INVALID', `Cannot import ${file}: it has no record of a build`)
  }
  const found = builds.map((build) => {
    const record = recordOf(build)
    if (record !== undefined && isBuildId(record.id)) return { record, log: logOf(build, record) }
    throw new StrakeError('INVALID', `Cannot import ${file}: a record has no ID or no time`)
  })
  for (const { record, log } of found) {
    await keepRecord(recordDirectory(engine.root), record, log)
  }
  return found.map(({ record }) => record.id)
}

function recordOf({ id, record, files }: BundledBuild): BuildRecord | undefined {
  const own = files.find(({ mediaType }) => mediaType === ownType)
  return own === undefined ? readBundleRecord(record, id) : parseRecord(own.raw)
}

function logOf({ files }: BundledBuild, record: BuildRecord): string {
  const log = files.find(({ mediaType }) => mediaType === logType)
  if (log !== undefined) return new TextDecoder().decode(log.raw)
  const status = files.find(({ mediaType }) => mediaType === statusType)
  return status === undefined ? '' : readStatusFile(status.raw, record)
}
