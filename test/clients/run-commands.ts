import { command } from '../e2e/strake.ts'
import type { Target } from './target.ts'

export interface RunCommandsOptions {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  /** Whether standard error is part of the answer, after standard output. */
  readonly withErrors?: boolean
}

/**
 * Runs the lines of a file by the shell, one after the other, and returns what each printed and how it
 * ended, without what differs in every run. Lines that begin with # are comments.
 */
export async function runCommands(
  { env: own, enter }: Pick<Target, 'env' | 'enter'>,
  lines: readonly string[],
  { cwd = '/', env = {}, withErrors = true }: RunCommandsOptions = {},
): Promise<string> {
  const parts: string[] = []
  for (const line of lines) {
    if (line.trim() === '' || line.startsWith('#')) continue
    const { exitCode, stdout, stderr } = await command(
      // The shell chooses the directory, because another namespace of mounts begins in `/`.
      [...enter, 'sh', '-c', 'cd "$1" && eval "$0"', line, cwd],
      { env: { ...own, ...env } },
    )
    const shown = plain(withErrors ? `${stdout}${stderr}` : stdout)
    parts.push(
      `$ ${line}\n${shown}${shown === '' ? '' : '\n'}${exitCode === 0 ? '' : `[${exitCode}]\n`}`,
    )
  }
  return parts.join('')
}

/** Takes out IDs, times and names that are made by chance. */
function plain(text: string): string {
  return text
    .replaceAll(/\b(sha256:)?[0-9a-f]{64}\b/g, 'ID')
    .replaceAll(/\b[0-9a-f]{12}\b/g, 'ID')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
    .trimEnd()
}

/** The lines of a file of commands. */
export const linesOf = async (file: string): Promise<readonly string[]> =>
  (await Bun.file(file).text()).split('\n')
