import { readFile } from 'node:fs/promises'
import { StrakeError } from '#oci'
import { parseAssignments } from './values.ts'

/**
 * `NAME=value` pairs of `--env-file` files and then of `--env` options; later
 * ones win. A bare name takes its value from this process. Where it is not set
 * here, `--env` takes the variable away, which is a bare `NAME` in the result,
 * and a file says nothing.
 */
export async function readEnvironment(
  words: readonly string[] = [],
  files: readonly string[] = [],
): Promise<readonly string[]> {
  const lines: string[] = []
  for (const file of files) lines.push(...parseEnvFile(await readText(file), file))
  const pairs = new Map<string, string | undefined>(parseAssignments(lines, process.env))
  for (const word of words) {
    const name = word.split('=', 1)[0] ?? ''
    pairs.set(name, parseAssignments([word], process.env).get(name))
  }
  return [...pairs].map(([name, value]) => (value === undefined ? name : `${name}=${value}`))
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
