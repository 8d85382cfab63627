import { readFile } from 'node:fs/promises'
import { StrakeError } from '#oci'
import { parseAssignments } from './values.ts'

/**
 * `NAME=value` pairs of `--env-file` files and then of `--env` options; a bare
 * name is taken from this process when it is set there. Later ones win.
 */
export async function readEnvironment(
  words: readonly string[] = [],
  files: readonly string[] = [],
): Promise<readonly string[]> {
  const lines: string[] = []
  for (const file of files) lines.push(...parseEnvFile(await readText(file), file))
  const pairs = parseAssignments([...lines, ...words], process.env)
  return [...pairs].map(([name, value]) => `${name}=${value}`)
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw new StrakeError('NOT_FOUND', `Cannot read the env file ${file}: no such file`, { cause })
  }
}

/** Docker's format: a pair a line, `#` begins a comment line, values are taken as they stand. */
function parseEnvFile(text: string, file: string): readonly string[] {
  return text.split(/\r?\n/).flatMap((line, index) => {
    const pair = line.trimStart()
    if (pair === '' || pair.startsWith('#')) return []
    const name = pair.split('=', 1)[0] ?? ''
    if (/\s/.test(name) || name === '') {
      throw new StrakeError(
        'INVALID',
        `Cannot read the env file ${file}: line ${index + 1} is not NAME=value`,
      )
    }
    return [pair]
  })
}
