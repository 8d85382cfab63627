import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { clis, projectNames, recorded, runDockerCommands, runProject } from '../clients/fixtures.ts'
import { libraries, libraryMissing, useLibrary } from '../clients/libraries.ts'
import { importRyuk } from '../clients/ryuk-image.ts'
import { dockerPrograms, importBase, openStrakeTarget, type Target } from '../clients/target.ts'
import { command, missing } from './strake.ts'

const reason = missing('busybox', 'tar', 'ip', 'unshare', 'nsenter')
if (reason) console.info(`skipped: clients beside Docker: ${reason}`)

const expectedOf = (name: string): Promise<string> => Bun.file(join(recorded, `${name}.txt`)).text()

async function open(): Promise<Target> {
  const target = await openStrakeTarget()
  await importBase(target)
  return target
}

/** The version of a program; `undefined` where it is absent. */
async function versionOf(...argv: readonly string[]): Promise<string | undefined> {
  if (argv[0] === undefined || !existsSync(argv[0])) return undefined
  return /\d+\.\d+\.\d+/.exec((await command(argv)).stdout)?.[0]
}

/** Answers that differ from Docker's, and why. */
const accepted: readonly { readonly command: RegExp; readonly why: string }[] = await Bun.file(
  join(recorded, 'differences.json'),
)
  .json()
  .then((rules: readonly { readonly command: string; readonly why: string }[]) =>
    rules.map(({ command: text, why }) => ({ command: new RegExp(text), why })),
  )

/** The commands with their output, without those of which another output is accepted. */
function compared(output: string): readonly string[] {
  return output
    .split(/^(?=\$ )/m)
    .filter((part) => !accepted.some((rule) => rule.command.test(part.split('\n')[0] ?? '')))
}

for (const { name, program, version } of clis) {
  const found = reason === undefined ? await versionOf(program, '--version') : undefined
  if (found !== version) console.info(`skipped: ${name}: needs version ${version} of Docker's CLI`)
  test.skipIf(found !== version)(
    `the CLI ${name} prints with strake what it prints with Docker 29`,
    async () => {
      await using target = await open()
      const output = await runDockerCommands(target, program)
      expect(compared(output)).toEqual(compared(await expectedOf(name)))
    },
  )
}

const composes = [
  { name: 'Compose 5', program: join(dockerPrograms, 'docker-compose') },
  { name: 'Compose 2.40', program: join(dockerPrograms, 'docker-compose-2.40') },
]

for (const { name, program } of composes) {
  const isHere = reason === undefined && existsSync(program)
  if (!isHere) console.info(`skipped: projects of ${name}: ${reason ?? 'it is not built'}`)
  describe.skipIf(!isHere)(name, () => {
    let target: Target
    beforeAll(async () => {
      target = await open()
    })
    afterAll(async () => await target?.[Symbol.asyncDispose]())
    for (const project of projectNames) {
      const lacksBuildx =
        project === 'buildkit' && !existsSync(join(dockerPrograms, 'docker-buildx'))
      if (lacksBuildx) console.info(`skipped: the project ${project}: docker-buildx is not built`)
      test.skipIf(lacksBuildx)(`runs the project ${project} as with Docker 29`, async () => {
        expect(compared(await runProject(target, project, program))).toEqual(
          compared(await expectedOf(`compose-${project}`)),
        )
      })
    }
  })
}

for (const library of libraries) {
  const absent = reason ?? libraryMissing(library)
  if (absent) console.info(`skipped: ${library.name}: ${absent}`)
  test.skipIf(absent !== undefined)(`${library.name} works as with Docker 29`, async () => {
    await using target = await open()
    if (library.name === 'testcontainers') await importRyuk(target)
    expect(await useLibrary(target, library)).toBe(await expectedOf(library.name))
  })
}
