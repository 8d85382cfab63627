import { afterAll, beforeAll, expect, test } from 'bun:test'
import { mkdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { mkdtempDisposable, type TemporaryDirectory } from '#platform'
import { checkBuild } from './inspect.ts'
import answers from './testing/check-answers.json' with { type: 'json' }
import { openWorkshop, type Workshop } from './testing/fixture.ts'

/** A Dockerfile, and what BuildKit answers to a request to check it for linux/amd64. */
interface Answer {
  readonly name: string
  readonly dockerfile: string
  readonly ignore?: string
  readonly args?: Readonly<Record<string, string>>
  readonly target?: string
  /** `first-last rule message`, sorted. */
  readonly warnings: readonly string[]
  /** The line of the error, 0 for an error without a line, absent without an error. */
  readonly errorLine?: number
  /** Our answer where it differs, and the reason. */
  readonly ours?: {
    readonly why: string
    readonly warnings: readonly string[]
    readonly errorLine?: number
  }
}

let workshop: Workshop
let directory: TemporaryDirectory
beforeAll(async () => {
  workshop = await openWorkshop()
  directory = await mkdtempDisposable(tmpdir())
  await workshop.addImage('localhost:5055/base', {}, { Env: ['JAVA_HOME=/jdk'] })
  await workshop.addImage('localhost:5055/base:latest', {}, { Env: ['JAVA_HOME=/jdk'] })
  await workshop.addImage('localhost:5055/arm', {})
})
afterAll(async () => {
  await workshop[Symbol.asyncDispose]()
  await directory[Symbol.asyncDispose]()
})

async function ask({ name, dockerfile, ignore, args, target }: Answer): Promise<unknown> {
  const context = join(directory.path, name)
  await mkdir(context)
  await writeFile(join(context, 'Dockerfile'), dockerfile)
  if (ignore !== undefined) await writeFile(join(context, '.dockerignore'), ignore)
  const { services } = workshop
  const { warnings, error } = await checkBuild({
    context,
    buildArgs: args,
    target,
    platforms: [{ os: 'linux', architecture: 'amd64' }],
    services: {
      ...services,
      resolveImage: async (reference, options) => {
        const image = await services.resolveImage(reference, options)
        const architecture = reference.endsWith('/arm') ? 'arm64' : 'amd64'
        return { ...image, config: { ...image.config, architecture } }
      },
    },
  })
  const shown = warnings.map(
    ({ rule, message, range }) => `${range.start.line}-${range.end.line} ${rule} ${message}`,
  )
  const line = error?.diagnostics[0]?.range.start.line ?? 0
  return { warnings: shown.sort(), ...(error !== undefined && { errorLine: line }) }
}

const table = answers as readonly Answer[]

test.each(table.map((answer) => [answer.name, answer] as const))(
  'checkBuild() answers as BuildKit to %s, or as written beside its answer',
  async (_name, answer) => {
    const { warnings, errorLine } = answer.ours ?? answer
    expect(await ask(answer)).toEqual({ warnings, ...(errorLine !== undefined && { errorLine }) })
  },
)

test('checkBuild() differs from BuildKit only with a reason', () => {
  const differing = table.filter(({ ours }) => ours !== undefined)
  expect(differing.filter(({ ours }) => ours?.why === '')).toEqual([])
  expect(differing.length).toBeLessThan(20)
})
