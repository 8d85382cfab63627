import { mkdtempSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { dockerMissing, emptyDocker, openDockerStage } from './dockerd.ts'
import { askMachine, packProbe, probeAnswersPath, runProbe } from './probe.ts'
import { listScripts, runScripts, scriptAnswersPath } from './scripts.ts'
import { packBusybox } from './stage.ts'
import { answersPath, readGroups, runGroup } from './table.ts'
import { formatTranscript } from './transcript.ts'

// The program of scripts/docker-answers.

const reason = dockerMissing()
if (reason !== undefined) throw new Error(`Cannot ask Docker: ${reason}`)
const words = process.argv.slice(2)
const isAsked = (name: string): boolean =>
  words.length === 0 || words.some((word) => name.includes(word))
const directory = mkdtempSync('/dev/shm/strake-answers-')
try {
  const archive = await packBusybox(directory)
  await using stage = await openDockerStage({ BUSYBOX: archive })
  for (const group of await readGroups()) {
    if (!isAsked(group.name)) continue
    const answers = await runGroup(group, stage)
    group.lines.forEach(({ line, says }, index) => {
      const error = answers[index]?.error ?? ''
      if (says !== undefined && !error.includes(says)) {
        process.stdout.write(`${group.name}: Docker does not say '${says}': ${line}\n  ${error}\n`)
      }
    })
    await mkdir(dirname(answersPath(group.name)), { recursive: true })
    await writeFile(answersPath(group.name), formatTranscript(answers))
    process.stdout.write(`${group.name}: ${answers.length} answers\n`)
    await stage.run(emptyDocker)
  }
  if (isAsked('scripts')) {
    const clear = 'docker rm -f $(docker ps -aq); docker volume prune -af; docker network prune -f'
    const answers = await runScripts(stage, await listScripts(), clear)
    await mkdir(dirname(scriptAnswersPath), { recursive: true })
    await writeFile(scriptAnswersPath, formatTranscript(answers))
    process.stdout.write(`scripts: ${answers.length} answers\n`)
    await stage.run(emptyDocker)
  }
  if (isAsked('probe')) {
    const answers = [
      await askMachine(stage),
      ...(await runProbe(stage, await packProbe(directory))),
    ]
    await writeFile(probeAnswersPath, formatTranscript(answers))
    process.stdout.write(`probe: ${answers.length} answers\n`)
    await stage.run(emptyDocker)
  }
} finally {
  await rm(directory, { recursive: true, force: true })
}
