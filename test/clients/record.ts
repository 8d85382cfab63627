// Asks Docker 29 and writes its answers and the output of its clients, with which the end-to-end tests
// compare those of strake. scripts/ask-docker runs it in namespaces of its own.
//
//   record.ts [api] [docker] [compose [PROJECT...]] [libraries]
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { writeAnswers } from './answers.ts'
import { clis, projectNames, recorded, runDockerCommands, runProject } from './fixtures.ts'
import { libraries, libraryMissing, useLibrary } from './libraries.ts'
import { allSteps } from './requests/all.ts'
import { runSteps } from './run-steps.ts'
import { importRyuk } from './ryuk-image.ts'
import { dockerPrograms, importBase, openDockerTarget, type Target } from './target.ts'

const [what, ...names] = process.argv.slice(2)
const wants = (name: string): boolean => what === undefined || what === name

async function withDocker(work: (target: Target) => Promise<void>): Promise<void> {
  await using target = await openDockerTarget()
  await importBase(target)
  await work(target)
}

if (wants('api')) {
  await withDocker(async (target) => writeAnswers(await runSteps(target.socket, allSteps)))
}
if (wants('docker')) {
  for (const { name, program } of clis) {
    if (!existsSync(program)) continue
    await withDocker(async (target) => {
      await Bun.write(join(recorded, `${name}.txt`), await runDockerCommands(target, program))
    })
  }
}
if (wants('compose')) {
  const compose = join(dockerPrograms, 'docker-compose')
  await withDocker(async (target) => {
    for (const name of names.length > 0 ? names : projectNames) {
      const output = await runProject(target, name, compose)
      await Bun.write(join(recorded, `compose-${name}.txt`), output)
    }
  })
}
if (wants('libraries')) {
  for (const library of libraries) {
    if (libraryMissing(library) !== undefined) continue
    await withDocker(async (target) => {
      await importRyuk(target)
      await Bun.write(join(recorded, `${library.name}.txt`), await useLibrary(target, library))
    })
  }
}
