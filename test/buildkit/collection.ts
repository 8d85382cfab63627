import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Strake } from '../e2e/strake.ts'
import { type Answer, answerOf, type Refusal } from './answer.ts'
import { type Bases, fixtures } from './bases.ts'
import type { BuilderOutcome } from './builder.ts'
import { type BuildKit, buildWithBuildkit } from './buildkit.ts'
import { type Case, type PreparedCase, prepareCase, readCase } from './case.ts'
import { readImage } from './image.ts'
import { buildWithStrake } from './strake-builder.ts'

/** The answer of strake to a Dockerfile of the collection. */
export async function strakeAnswer(
  strake: Strake,
  bases: Bases,
  name: string,
): Promise<Answer | Refusal> {
  return answer(name, join(strake.directory, name), bases, (prepared, output) =>
    buildWithStrake(strake, prepared, output),
  )
}

/** The answer of BuildKit, which takes base images from the store of `strake`. */
export async function buildkitAnswer(
  buildkit: BuildKit,
  strake: Strake,
  bases: Bases,
  name: string,
): Promise<Answer | Refusal> {
  const images = { layout: strake.root, manifests: bases.manifests }
  return answer(
    name,
    join(strake.directory, `buildkit-${name}`),
    bases,
    async (prepared, output) => {
      // The frontend of this version, not that of an image, which would need a network.
      const text = prepared.text.replace(/^# ?syntax=/, '# without syntax=')
      await writeFile(join(prepared.context, 'Dockerfile'), text)
      return buildWithBuildkit(buildkit, prepared, images, output)
    },
  )
}

/**
 * Makes BuildKit fetch all base images. It fetches them when a step needs them, and cannot continue a
 * transfer from an OCI layout that the end of another build has interrupted.
 */
export async function loadBases(buildkit: BuildKit, strake: Strake, bases: Bases): Promise<void> {
  const images = { layout: strake.root, manifests: bases.manifests }
  const directory = join(strake.directory, 'load')
  const copies = [...bases.manifests.keys()].map((name) => `COPY --from=${name} / /${name}/\n`)
  await mkdir(directory)
  const load: Case = {
    ...(await readCase('only-from')),
    text: `FROM scratch\n${copies.join('')}`,
  }
  const output = join(directory, 'output')
  const { error } = await buildWithBuildkit(
    buildkit,
    await prepareCase(load, directory),
    images,
    output,
  )
  if (error !== undefined) throw new Error(error)
  await rm(directory, { recursive: true })
}

async function answer(
  name: string,
  directory: string,
  bases: Bases,
  build: (prepared: PreparedCase, output: string) => Promise<BuilderOutcome>,
): Promise<Answer | Refusal> {
  await mkdir(directory)
  const output = join(directory, 'output')
  try {
    const { error } = await build(await prepareCase(await readCase(name), directory), output)
    if (name.startsWith('refused-') && error !== undefined) return { refused: true }
    if (error !== undefined) throw new Error(`${name} is not built:\n${error}`)
    return answerOf(await readImage(output), bases)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

/** Where the answer of BuildKit is kept. */
export function answerPath(name: string): string {
  return join(fixtures, 'expected', `${name}.json`)
}

export async function readAnswer(name: string): Promise<Answer | Refusal> {
  return JSON.parse(await readFile(answerPath(name), 'utf8'))
}

/** Where strake answers otherwise on purpose. */
export interface Differences {
  /** What no Dockerfile is compared by. */
  readonly everywhere: readonly Omit<Difference, 'strake'>[]
  /** By the names of Dockerfiles. */
  readonly dockerfiles: Readonly<Record<string, readonly Difference[]>>
  /** Steps that run after a mutation, by its title. */
  readonly rebuilt: Readonly<
    Record<
      string,
      { readonly strake: readonly string[]; readonly row: string; readonly reason: string }
    >
  >
}

export interface Difference {
  /** Members of an answer, as in `["files", "/etc/x"]`. Empty: one builds the image, the other refuses. */
  readonly at: readonly string[]
  /** The value of strake; absent if strake has none there. `built` or `refused` where `at` is empty. */
  readonly strake?: unknown
  /** The row of the list of features, or of findings. */
  readonly row: string
  readonly reason: string
}

export async function readDifferences(): Promise<Differences> {
  return JSON.parse(await readFile(join(fixtures, 'differences.json'), 'utf8'))
}

/** The answer of BuildKit with the listed differences put in place. */
export function expectedAnswer(
  answer: Answer | Refusal,
  differences: readonly Difference[],
): Answer | Refusal | 'built' {
  if ('refused' in answer) return differences[0]?.strake === 'built' ? 'built' : answer
  const { ArgsEscaped: _, ...config } = answer.config
  const files = { ...answer.files }
  for (const { at, strake } of differences) {
    const [member, path = ''] = at
    if (member === undefined) return { refused: true }
    if (member !== 'files') throw new Error(`no difference is expected at ${at.join(' ')}`)
    if (typeof strake === 'string') files[path] = strake
    else delete files[path]
  }
  return { ...answer, config, files }
}
