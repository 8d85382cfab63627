import { StrakeError } from '#oci'
import { fsPromises } from '#platform'
import { parseAssignments } from './values.ts'

/**
 * Returns the variables of `--env-file` files and then of `--env` options; the last
 * one wins. A bare name takes its value from this process. If it is unset here, a
 * bare name of `--env` stays bare, which removes the variable, and one of a file is
 * dropped.
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
    return await fsPromises().readFile(file, 'utf8')
  } catch (cause) {
    throw new StrakeError('NOT_FOUND', `Cannot read the env file ${file}: no such file`, { cause })
  }
}

/** Reads Docker's format: one pair on each line, `#` begins a comment line, values are not unquoted. */
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
