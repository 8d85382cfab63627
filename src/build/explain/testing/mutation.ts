import { expect } from 'bun:test'
import { rm } from 'node:fs/promises'
import { sha256 } from '#oci'
import type { ExplainEvent, MissCause } from '#stream'
import { predictBuild } from '../../build-image.ts'
import type { BuildOptions } from '../../options.ts'
import type { FixtureFile, Workshop } from '../../testing/fixture.ts'

/** A Dockerfile, its files, and the options of its build. */
export interface Project {
  readonly dockerfile: string
  readonly files?: Readonly<Record<string, FixtureFile>>
  readonly options?: Partial<BuildOptions>
  readonly images?: Readonly<Record<string, Readonly<Record<string, string>>>>
}

/** A change of a project, and what the build then does. */
export interface Mutation {
  readonly name: string
  readonly before: Project
  /** Replaces members of `before`; a file that is `undefined` is removed. */
  readonly after: Partial<Omit<Project, 'files'>> & {
    readonly files?: Readonly<Record<string, FixtureFile | undefined>>
  }
  /** By a part of the name of a step: the causes of every step that runs. */
  readonly causes: Readonly<Record<string, readonly string[]>>
  /** The steps for which the prediction cannot be sure, and whether they run. */
  readonly unsure?: Readonly<Record<string, 'done' | 'cached'>>
}

/** The description of a file of the context. */
export const file = (text: string, mode = '644'): string =>
  `file ${mode} ${sha256(text).slice(0, 23)}`
/** How a value that may be secret is shown. */
export const hidden = (text: string): string => sha256(text).slice(0, 19)

/** Builds a project, changes it, and compares prediction and explanation with what then happens. */
export async function checkMutation(
  workshop: Workshop,
  { before, after, causes, unsure = {} }: Mutation,
): Promise<void> {
  const name = 'project'
  const digests = new Map<string, string>()
  const write = async (project: Project, word: string): Promise<Omit<BuildOptions, 'services'>> => {
    for (const [reference, files] of Object.entries(project.images ?? {})) {
      const { descriptor } = await workshop.addImage(reference, { ...files, name })
      digests.set(descriptor.digest, word)
    }
    const files = { Dockerfile: project.dockerfile, ...project.files }
    const context = await workshop.context(name, files)
    const contexts = new Map([['more', { kind: 'directory', path: `${context}/more` } as const]])
    return { ...project.options, context, ...('more/f' in files && { contexts }) }
  }
  await workshop.build(await write(before, 'OLD'))
  const path = `${workshop.path}/${name}`
  for (const gone of Object.keys(after.files ?? {})) await rm(`${path}/${gone}`, { force: true })
  const files = { ...before.files, ...after.files }
  const kept = Object.entries(files).filter(([, content]) => content !== undefined)
  const changed = await write(
    { ...before, ...after, files: Object.fromEntries(kept) as Project['files'] } as Project,
    'NEW',
  )

  const predicted = await predictBuild({ ...changed, services: workshop.services })
  await workshop.build({ ...changed, explain: true })
  const show = (cause: MissCause): string => showCause(cause, digests)
  const explained = workshop.events.filter(
    (event): event is ExplainEvent => event.type === 'explanation',
  )
  expect(explained.map((event) => [labelOf(event.name, causes), event.causes.map(show)])).toEqual(
    Object.entries(causes).map(([step, list]) => [step, [...list]]),
  )
  for (const { vertex, outcome, causes: foreseen } of predicted) {
    const state = workshop.events.findLast(
      (event) => event.type === 'step' && event.id === vertex.digest,
    )
    const actual = state?.type === 'step' ? state.state : undefined
    const step = labelOf(vertex.name, unsure)
    if (step !== undefined) {
      expect([step, outcome, actual]).toEqual([step, 'unsure', unsure[step]])
      continue
    }
    expect([vertex.name, outcome]).toEqual([vertex.name, actual === 'done' ? 'run' : 'cached'])
    const label = labelOf(vertex.name, causes)
    const all = label === undefined ? [] : [...(causes[label] ?? [])]
    // A prediction does not name the result of a command among other causes.
    const own = all.filter((cause) => !cause.startsWith('step '))
    expect([all, own]).toContainEqual(foreseen.map(show))
  }
}

function labelOf(name: string, labels: Readonly<Record<string, unknown>>): string | undefined {
  return Object.keys(labels).find((label) => name.includes(label))
}

function showCause(
  { kind, subject, before, after }: MissCause,
  digests: ReadonlyMap<string, string>,
): string {
  const value = (text = '-'): string => {
    if (text.startsWith('sha256:') && kind === 'instruction') return 'HASH'
    return digests.get(text) ?? text
  }
  const pair = before === undefined && after === undefined
  if (subject === 'Dockerfile') return 'file Dockerfile: DOCKERFILE'
  return `${kind} ${subject}${pair ? '' : `: ${value(before)} -> ${value(after)}`}`
}
