import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { type Answer, answerOf } from './answer.ts'
import type { Stage } from './stage.ts'
import { type Entry, parseTranscript } from './transcript.ts'

/** Shell scripts of the kind that projects ship. They call `docker`, and run unchanged. */
const scripts: string = resolve(import.meta.dir, '../fixtures/scripts')

export const scriptAnswersPath: string = join(scripts, 'answers/docker.txt')

export async function listScripts(): Promise<readonly string[]> {
  return (await readdir(scripts)).filter((name) => name.endsWith('.sh')).sort()
}

export async function readScriptAnswers(): Promise<readonly Entry[]> {
  return parseTranscript(await readFile(scriptAnswersPath, 'utf8'))
}

/** The answers of strake that differ on purpose, with their reasons. */
export async function readScriptDifferences(): Promise<readonly Entry[]> {
  return parseTranscript(await readFile(join(scripts, 'answers/differences.txt'), 'utf8'))
}

/** Every script finds one image and a registry, and begins in an empty directory. */
export async function runScripts(
  stage: Stage,
  names: readonly string[],
  clear: string,
): Promise<readonly Answer[]> {
  const imported = await stage.run(`docker import -c 'CMD ["sh"]' "$BUSYBOX" alpine:3.20`)
  if (imported.exitCode !== 0) throw new Error(imported.stderr)
  await startRegistry(stage)
  const answers: Answer[] = []
  for (const name of names) {
    const directory = join(stage.directory, name)
    await mkdir(directory)
    const outcome = await stage.run(`cd '${directory}' && '${join(scripts, name)}'`)
    answers.push(answerOf({ line: name, output: 'exactly' }, outcome, stage.directory))
    await stage.run(clear)
  }
  return answers
}

/** Debian's registry at localhost:5000, which the scripts expect. It ends with the stage. */
async function startRegistry(stage: Stage): Promise<void> {
  const config = {
    version: 0.1,
    log: { level: 'error', accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: join(stage.directory, 'registry') } },
    http: { addr: '127.0.0.1:5000' },
  }
  const path = join(stage.directory, 'registry.json')
  await writeFile(path, JSON.stringify(config))
  await stage.run(`docker-registry serve '${path}' >/dev/null 2>&1 & echo`)
}
