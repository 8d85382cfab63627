import { existsSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { formatPlatform, isStrakeError, StrakeError } from '#oci'
import { hostPlatform, isSystemError, parseYaml } from '#platform'
import { readComposeFile } from './bake-compose.ts'
import { evaluateBodies } from './bake-evaluate.ts'
import { type BakeFile, emptyFile, mergeFiles } from './bake-file.ts'
import { refuse } from './bake-target.ts'
import type { Environment } from './bake-variables.ts'
import { HclError } from './hcl/hcl-error.ts'
import { type BlockNames, bodyOfJson } from './hcl/json-body.ts'
import { parseHcl } from './hcl/parse-body.ts'
import type { Body } from './hcl/syntax.ts'

/** The files that are read unless others are named, in their order. */
const usual = [
  'compose.yaml',
  'compose.yml',
  'docker-compose.yml',
  'docker-compose.yaml',
  'docker-bake.json',
  'docker-bake.hcl',
  'docker-bake.override.json',
  'docker-bake.override.hcl',
]

/** The blocks of a bake file. */
const blockNames: BlockNames = {
  variable: { hasLabel: true, blocks: { validation: { hasLabel: false, blocks: {} } } },
  function: { hasLabel: true, blocks: {} },
  group: { hasLabel: true, blocks: {} },
  target: { hasLabel: true, blocks: {} },
}

/** The largest file, in bytes. */
const largest = 4 * 1024 * 1024

/** Reads and joins bake files and Compose files. Throws `NOT_FOUND` and `INVALID`. */
export async function readBakeFiles(names: readonly string[], env: Environment): Promise<BakeFile> {
  const files = names.length === 0 ? usual.filter((name) => existsSync(name)) : names
  if (files.length === 0) {
    throw new StrakeError('NOT_FOUND', 'Cannot bake: this directory has no bake file', {
      remedy: 'name one with -f, for example docker-bake.hcl or compose.yaml',
    })
  }
  let joined = emptyFile
  const bodies: Body[] = []
  for (const file of files) {
    const read = await readOne(file, env)
    if ('attributes' in read) bodies.push(read)
    else joined = mergeFiles(joined, read)
  }
  return mergeFiles(joined, evaluateAll(bodies, env))
}

function evaluateAll(bodies: readonly Body[], env: Environment): BakeFile {
  const fixed = {
    BAKE_CMD_CONTEXT: 'cwd://',
    BAKE_LOCAL_PLATFORM: formatPlatform(hostPlatform()),
  }
  return withPlaces('the files', () => evaluateBodies(bodies, { env, fixed }))
}

/** Errors of HCL name the file and the line. */
function withPlaces<T>(name: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (error instanceof RangeError) throw refuse(name, 'it is nested too deeply')
    if (!(error instanceof HclError)) throw error
    const { at, message } = error
    throw refuse(at?.file ?? name, at === undefined ? message : `line ${at.line}: ${message}`)
  }
}

async function readOne(file: string, env: Environment): Promise<Body | BakeFile> {
  const text = readText(file)
  const name = file === '-' ? 'standard input' : basename(file)
  if (/\.ya?ml$/i.test(file)) return await readCompose(text, name, env)
  if (/\.json$/i.test(file)) return readJson(text, name)
  if (/\.hcl$/i.test(file)) return withPlaces(name, () => parseHcl(text, name))
  if (/^\s*\{/.test(text)) return readJson(text, name)
  return /^[\w-]+:(\s|$)/m.test(text)
    ? await readCompose(text, name, env)
    : withPlaces(name, () => parseHcl(text, name))
}

function readJson(text: string, name: string): Body {
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch (error) {
    throw refuse(name, error instanceof Error ? error.message : 'it is malformed')
  }
  return withPlaces(name, () => bodyOfJson(document, name, blockNames))
}

async function readCompose(text: string, name: string, env: Environment): Promise<BakeFile> {
  try {
    return readComposeFile(await parseYaml(text), name, env)
  } catch (error) {
    if (isStrakeError(error)) throw error
    throw refuse(name, error instanceof Error ? error.message : 'it is malformed')
  }
}

function readText(file: string): string {
  try {
    const bytes = readFileSync(file === '-' ? '/dev/stdin' : file)
    if (bytes.length > largest) throw refuse(file, 'it is larger than 4 MiB')
    return bytes.toString('utf8')
  } catch (error) {
    if (!isSystemError(error)) throw error
    throw new StrakeError('NOT_FOUND', `Cannot bake from ${file}: ${error.code}`, { cause: error })
  }
}
