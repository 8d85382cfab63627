import { existsSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { isStrakeError, StrakeError } from '#oci'
import { isSystemError, parseYaml } from '#platform'
import { readComposeFile } from './bake-compose.ts'
import {
  type BakeFile,
  type BakeTarget,
  mergeFiles,
  readBakeDocument,
  refuse,
} from './bake-file.ts'
import { replaceVariables } from './bake-variables.ts'

type Environment = Readonly<Record<string, string | undefined>>

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

/** The largest file, in bytes. */
const largest = 4 * 1024 * 1024

/** Reads and joins bake files and Compose files. Throws `NOT_FOUND`, `INVALID` and `UNSUPPORTED`. */
export async function readBakeFiles(names: readonly string[], env: Environment): Promise<BakeFile> {
  const files = names.length === 0 ? usual.filter((name) => existsSync(name)) : names
  if (files.length === 0) {
    throw new StrakeError('NOT_FOUND', 'Cannot bake: this directory has no bake file', {
      remedy: 'name one with -f, for example docker-bake.json or compose.yaml',
    })
  }
  let joined: BakeFile = { targets: {}, groups: {} }
  for (const file of files) joined = mergeFiles(joined, await readOne(file, env))
  return joined
}

async function readOne(file: string, env: Environment): Promise<BakeFile> {
  if (/\.hcl$/i.test(file)) {
    throw new StrakeError('UNSUPPORTED', `Cannot bake from ${file}: strake reads no HCL`, {
      remedy: 'write it as JSON: docker buildx bake --print',
    })
  }
  const text = readText(file)
  const name = file === '-' ? 'standard input' : basename(file)
  if (/\.ya?ml$/i.test(file)) {
    const document = await parse(name, async () => await parseYaml(text))
    return besideFile(readComposeFile(document, name, env), dirname(file))
  }
  const document = await parse(name, async () => JSON.parse(text))
  return readBakeDocument(replaceVariables(document, name, env), name)
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

async function parse(name: string, read: () => Promise<unknown>): Promise<unknown> {
  try {
    return await read()
  } catch (error) {
    if (isStrakeError(error)) throw error
    throw refuse(name, error instanceof Error ? error.message : 'it is malformed')
  }
}

/** Paths of a Compose file begin at its directory. */
function besideFile(file: BakeFile, directory: string): BakeFile {
  if (directory === '.') return file
  const targets = Object.entries(file.targets).map(([name, target]): [string, BakeTarget] => {
    const context = typeof target['context'] === 'string' ? target['context'] : '.'
    const isPath = !/^[a-z]+:\/\/|^git@|^\//.test(context)
    return [name, isPath ? { ...target, context: join(directory, context) } : target]
  })
  return { ...file, targets: Object.fromEntries(targets) }
}
