import type { AddInstruction, Dockerfile, Stage } from '#dockerfile'
import { StrakeError } from '#oci'
import { gitCommitTime } from '../git/commit-time.ts'
import type { NamedContext } from '../model/contexts.ts'
import { lastEpoch } from '../times/times.ts'
import { type ContextRoot, newPlace } from './context-root.ts'
import { type OpenContextsOptions, rootOf } from './open-contexts.ts'
import { refuseTimeOfServer, remoteTime } from './remote-context.ts'

/** What SOURCE_DATE_EPOCH can name beside a number. */
export interface EpochSources extends Omit<OpenContextsOptions, 'cacheFiles'> {
  readonly contextRoot: ContextRoot
  readonly dockerfile: Dockerfile
  /** Expands the variables of a word in a stage. */
  readonly expand: (word: string, stage: Stage) => string
}

/**
 * Returns the time, in seconds since 1970, of what `name` names: `context` is the build context. Other
 * names are those of a named context, or of a stage that only adds one URL. Throws `INVALID`.
 */
export async function namedEpoch(name: string, sources: EpochSources): Promise<number> {
  const found = await timeOf(name, sources)
  if (found === undefined) throw refusal(name, `${describe(name)} has no time`)
  return Math.max(0, Math.min(Math.floor(found), lastEpoch))
}

function describe(name: string): string {
  return name === 'context' ? 'the context' : `the source ${name}`
}

async function timeOf(name: string, sources: EpochSources): Promise<number | undefined> {
  if (name === 'context') return await timeOfRoot(sources.contextRoot, sources)
  const named = sources.contexts.use(name)
  if (named !== undefined) return await timeOfContext(named, sources)
  const stage = sources.dockerfile.stages.findLast((each) => each.name === name.toLowerCase())
  if (stage === undefined) {
    throw refusal(name, 'it is neither a number of seconds since 1970 nor a context or a stage')
  }
  return await timeOfUrl(sources.expand(urlOf(name, stage), stage), sources)
}

async function timeOfRoot(
  { time, modified, kind, path, material }: ContextRoot,
  { remote }: EpochSources,
): Promise<number | undefined> {
  if (material?.kind === 'http') refuseTimeOfServer(remote)
  return time ?? modified ?? (kind === 'directory' ? await gitCommitTime(path) : undefined)
}

/** An image has the time of its build, which is not the time of its sources. */
async function timeOfContext(
  { key, context }: { readonly key: string; readonly context: NamedContext },
  sources: EpochSources,
): Promise<number | undefined> {
  if (context.kind !== 'directory' && context.kind !== 'remote') return undefined
  return await timeOfRoot(await rootOf(key, context, sources), sources)
}

async function timeOfUrl(
  url: string,
  { places, remote }: EpochSources,
): Promise<number | undefined> {
  return await remoteTime(url, { ...remote, directory: await newPlace(places) })
}

/** The only source of a stage that consists of one ADD. Throws `INVALID` for other stages. */
function urlOf(name: string, stage: Stage): string {
  const adds = stage.instructions.filter(({ kind }) => kind !== 'ARG')
  const [add, other] = adds
  const source = add?.kind === 'ADD' && other === undefined ? onlyPath(add) : undefined
  if (stage.from.image === 'scratch' && source !== undefined) return source
  throw refusal(name, 'the stage is not FROM scratch with one ADD of one URL')
}

function onlyPath({ sources }: AddInstruction): string | undefined {
  const [source, other] = sources
  return other === undefined && source?.kind === 'path' ? source.path : undefined
}

function refusal(name: string, reason: string): StrakeError {
  return new StrakeError('INVALID', `Cannot use SOURCE_DATE_EPOCH=${name}: ${reason}`, {
    remedy: 'name a git repository or an archive, or give seconds since 1970',
  })
}
