import { readdir, readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { type Answer, answerOf } from './answer.ts'
import { type CommandLine, parseTable } from './command-line.ts'
import type { Stage } from './stage.ts'
import { type Entry, parseTranscript } from './transcript.ts'

/** The tables: a file for each group of command lines. */
export const tables: string = resolve(import.meta.dir, '../fixtures/command-lines')

/** Lines that share containers and images, and run one after the other. */
export interface Group {
  readonly name: string
  readonly lines: readonly CommandLine[]
}

export async function readGroups(): Promise<readonly Group[]> {
  const names = (await readdir(tables)).filter((name) => name.endsWith('.txt')).sort()
  return Promise.all(
    names.map(async (name) => ({
      name: name.slice(0, -'.txt'.length),
      lines: parseTable(await readFile(join(tables, name), 'utf8')),
    })),
  )
}

/** Every group begins with this image. `$BUSYBOX` is the archive of its files. */
const prelude = `docker import -c 'CMD ["sh"]' "$BUSYBOX" busybox`

/** Runs a group on a stage, one line after the other. */
export async function runGroup(group: Group, stage: Stage): Promise<readonly Answer[]> {
  const imported = await stage.run(prelude)
  if (imported.exitCode !== 0) throw new Error(`${prelude}: ${imported.stderr}`)
  const answers: Answer[] = []
  for (const line of group.lines) {
    answers.push(answerOf(line, await stage.run(line.line), stage.directory))
  }
  return answers
}

/** Where the answers of Docker to a group are kept. */
export function answersPath(name: string): string {
  return join(tables, 'docker', `${name}.txt`)
}

/** The answers of Docker to a group, by its lines. */
export async function readAnswers(name: string): Promise<readonly Entry[]> {
  return parseTranscript(await readFile(answersPath(name), 'utf8').catch(() => ''))
}
