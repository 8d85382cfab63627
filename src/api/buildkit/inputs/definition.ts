import { ignorePatterns, PatternError } from '#dockerfile'
import type { BuildRequest } from '#engine/build/build'
import { readReceivedText } from '#engine/build/served-build'
import { openServerDirectory } from '#engine/build/server-directory'
import type { Engine } from '#engine/engine'
import { StrakeError } from '#oci'
import type { BuildSources } from '../options/sources.ts'
import type { BuildProgress } from '../progress/build-progress.ts'
import type { BuildClient } from './build-client.ts'

/** The Dockerfile of a build and the patterns of its ignore file. */
export interface Definition {
  readonly dockerfile: BuildRequest['dockerfile']
  readonly exclude: readonly string[]
}

export interface DefinitionOptions {
  readonly sources: BuildSources
  /** Finds the client that serves a directory. */
  readonly clientOf: (directory: string) => Promise<BuildClient>
  readonly progress: BuildProgress
  readonly engine: Engine
  readonly signal: AbortSignal
}

/** The name of the step that loads a Dockerfile. */
export function definitionStep(filename: string): string {
  return `[internal] load build definition from ${filename}`
}

/** Receives the Dockerfile and its ignore file. Throws `NOT_FOUND` without a Dockerfile. */
export async function loadDefinition(options: DefinitionOptions): Promise<Definition> {
  const { sources } = options
  const { filename, dockerfile: name } = sources
  // A context elsewhere has its Dockerfile in itself, or is a Dockerfile.
  if (name === undefined) {
    return { dockerfile: filename === 'Dockerfile' ? undefined : filename, exclude: [] }
  }
  const ignore = `${filename}.dockerignore`
  const lower = filename.replace(/(^|\/)Dockerfile$/, '$1dockerfile')
  const [first, beside] = await receiveTexts(options, {
    name,
    step: definitionStep(filename),
    line: 'transferring dockerfile:',
    files: [[filename, lower], [ignore]],
  })
  if (first === undefined) {
    throw new StrakeError('NOT_FOUND', `Cannot read ${filename}: the client has no such file`)
  }
  const dockerfile = { text: first, name: filename }
  if (sources.context.kind !== 'local') return { dockerfile, exclude: [] }
  const text = beside ?? (await loadIgnoreFile(sources.context.name, options))
  return { dockerfile, exclude: patternsOf(text) }
}

/** Receives the ignore file of a directory, and returns its patterns. */
export async function loadExclude(
  name: string,
  step: string,
  options: DefinitionOptions,
): Promise<readonly string[]> {
  return patternsOf(await loadIgnoreFile(name, options, step))
}

async function loadIgnoreFile(
  name: string,
  options: DefinitionOptions,
  step = '[internal] load .dockerignore',
): Promise<string | undefined> {
  const file = '.dockerignore'
  const wanted = { name, step, line: 'transferring context:', files: [[file]] }
  const [text] = await receiveTexts(options, wanted)
  return text
}

interface WantedTexts {
  readonly name: string
  readonly step: string
  readonly line: string
  /** For each text the names that its file can have. */
  readonly files: readonly (readonly string[])[]
}

async function receiveTexts(
  { engine, clientOf, progress, signal }: DefinitionOptions,
  { name, step, line, files }: WantedTexts,
): Promise<readonly (string | undefined)[]> {
  await using place = await openServerDirectory(engine)
  const directory = place.path
  return await progress.step(step, async () => {
    const client = await clientOf(name)
    let received = 0
    await client.receive({
      name,
      directory,
      paths: files.flat(),
      onProgress: (current) => {
        received = current
      },
      signal,
    })
    progress.status({ step, id: line, current: received, done: true })
    return await Promise.all(
      files.map(async (names) => {
        for (const each of names) {
          const text = await readReceivedText(directory, each)
          if (text !== undefined) return text
        }
        return undefined
      }),
    )
  })
}

function patternsOf(text: string | undefined): readonly string[] {
  if (text === undefined) return []
  try {
    return ignorePatterns(text)
  } catch (cause) {
    if (!(cause instanceof PatternError)) throw cause
    throw new StrakeError('INVALID', `Cannot read .dockerignore: ${cause.message}`, { cause })
  }
}
