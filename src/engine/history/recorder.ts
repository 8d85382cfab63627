import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import { dependencyOf, type Provenance } from '#build'
import { formatPlatform, type Platform } from '#oci'
import { isSystemError, temporaryName } from '#platform'
import type { Emit } from '#stream'
import type { Engine } from '../engine.ts'
import { createBuildId } from './build-id.ts'
import { BuildLog, type BuildWarning } from './build-log.ts'
import { type BuildRecord, isBuildId } from './record.ts'

/** The directory of the records of a store. */
export function recordDirectory(root: string): string {
  return `${root}/build-records`
}

/** The most records, and the age in milliseconds after which one is removed: as in BuildKit. */
const mostRecords = 50
const longestAge = 48 * 60 * 60 * 1000

/** The parts of a request that are recorded. */
export interface RecordedRequest {
  /** Default: a new ID. */
  readonly id?: string | undefined
  readonly context?: string | object | undefined
  readonly dockerfile?: string | object | undefined
  readonly target?: string | undefined
  readonly network?: string | undefined
  readonly platforms?: readonly Platform[] | undefined
  readonly buildArgs?: ReadonlyMap<string, string> | undefined
  readonly labels?: ReadonlyMap<string, string> | undefined
  readonly contexts?: ReadonlyMap<string, { readonly kind: string }> | undefined
  readonly noCache?: boolean | undefined
  readonly emit?: Emit | undefined
}

/** The parts of a result that are recorded. */
export interface RecordedResult {
  readonly digest: string
  readonly names: readonly string[]
  readonly hasImage: boolean
}

/** Records one build. A record that cannot be written does not fail the build. */
export interface BuildRecorder {
  readonly id: string
  readonly startedAt: Date
  /** Passes events on, and keeps them. */
  readonly emit: Emit
  /** The values of secrets, which are not recorded. */
  readonly hide: (secrets: Iterable<Uint8Array>) => void
  /** The warnings until now. */
  readonly warnings: () => readonly BuildWarning[]
  readonly finish: (built: RecordedResult, provenance: readonly Provenance[]) => Promise<void>
  readonly fail: (error: unknown, signal: AbortSignal | undefined) => Promise<void>
}

export function startRecord(engine: Pick<Engine, 'root'>, request: RecordedRequest): BuildRecorder {
  const { id = createBuildId() } = request
  const startedAt = new Date()
  const log = new BuildLog()
  const { emit } = request
  const write = async (end: Pick<BuildRecord, 'status' | 'materials'> & Partial<BuildRecord>) => {
    const record: BuildRecord = {
      id,
      startedAt,
      completedAt: new Date(),
      ...requested(request),
      steps: log.counts,
      names: [],
      ...end,
    }
    await writeRecord(recordDirectory(engine.root), record, log.text)
  }
  return {
    id,
    startedAt,
    hide: (secrets) => log.hide(secrets),
    warnings: () => log.warnings,
    emit(event) {
      log.add(event)
      emit?.(event)
    },
    async finish({ digest, names, hasImage }, provenance) {
      const materials = provenance.flatMap((each) => each.materials).map(dependencyOf)
      await write({
        status: 'completed',
        materials: [...new Map(materials.map((each) => [each.uri, each])).values()].map(
          ({ uri, digest: set }) => ({ uri, digests: Object.entries(set).map((d) => d.join(':')) }),
        ),
        names,
        ...(hasImage && { digest }),
      })
    },
    async fail(error, signal) {
      const message = error instanceof Error ? error.message : String(error)
      const status = signal?.aborted === true ? 'canceled' : 'error'
      await write({ status, error: log.hidden(message), materials: [] })
    },
  }
}

/** What the user asked for, without passwords in URLs. */
function requested(
  request: RecordedRequest,
): Omit<
  BuildRecord,
  'id' | 'status' | 'startedAt' | 'completedAt' | 'steps' | 'materials' | 'names'
> {
  const { dockerfile, target, network } = request
  const given = typeof request.context === 'string' ? request.context : undefined
  const isUrl = given !== undefined && /^[a-z+]+:\/\/|^github\.com\//i.test(given)
  const context = given === undefined ? undefined : isUrl ? withoutPassword(given) : resolve(given)
  const file = typeof dockerfile === 'string' ? withoutPassword(dockerfile) : undefined
  const place = [
    context === undefined ? undefined : isUrl ? context : basename(context),
    file === undefined || file === 'Dockerfile' ? undefined : basename(file),
  ]
  const name = place.filter((each) => each !== undefined).join('/') || 'standard input'
  return {
    name: target === undefined ? name : `${name} (${target})`,
    context,
    dockerfile: file,
    target,
    platforms: (request.platforms ?? []).map(formatPlatform),
    buildArgs: Object.fromEntries(
      [...(request.buildArgs ?? [])].filter(([arg]) => !/_proxy$/i.test(arg)),
    ),
    labels: Object.fromEntries(request.labels ?? []),
    contexts: Object.fromEntries(
      [...(request.contexts ?? [])].map(([own, { kind }]) => [own, kind]),
    ),
    noCache: request.noCache === true,
    network,
  }
}

function withoutPassword(text: string): string {
  return text.replace(/\/\/[^/@]*@/, '//')
}

/** Writes a record and its log, and removes old records. */
export async function keepRecord(
  directory: string,
  record: BuildRecord,
  log: string,
): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  await writePrivate(`${directory}/${record.id}.log`, log)
  await writePrivate(`${directory}/${record.id}.json`, JSON.stringify(record))
  await removeOld(directory)
}

async function writeRecord(directory: string, record: BuildRecord, log: string): Promise<void> {
  try {
    await keepRecord(directory, record, log)
  } catch (error) {
    // A full disk or a store that is only read fails no build.
    if (!isSystemError(error)) throw error
  }
}

async function writePrivate(path: string, text: string): Promise<void> {
  const temporary = temporaryName(path)
  await writeFile(temporary, text, { mode: 0o600, flag: 'wx' })
  await rename(temporary, path)
}

/** Removes records that are too many or too old, and the files that a crash left. */
async function removeOld(directory: string): Promise<void> {
  const names = await readdir(directory)
  const found = await Promise.all(
    names.map(async (name) => ({
      name,
      time: (await stat(`${directory}/${name}`).catch(() => undefined))?.mtimeMs ?? 0,
    })),
  )
  const isRecord = (name: string): boolean =>
    name.endsWith('.json') && isBuildId(name.slice(0, -'.json'.length))
  const newest = found
    .filter(({ name, time }) => isRecord(name) && Date.now() - time < longestAge)
    .sort((a, b) => b.time - a.time)
    .slice(0, mostRecords)
  const idOf = (name: string): string => name.split('.', 1)[0] ?? ''
  const kept = new Set(newest.map(({ name }) => idOf(name)))
  const known = new Set(found.flatMap(({ name }) => (isRecord(name) ? [idOf(name)] : [])))
  for (const { name, time } of found) {
    const id = idOf(name)
    // A file without a record may be that of a build that writes it now.
    const isNew = Date.now() - time < 60_000 && !known.has(id)
    if (!kept.has(id) && !isNew) await rm(`${directory}/${name}`, { force: true })
  }
}
