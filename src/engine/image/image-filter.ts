import { StrakeError } from '#oci'
import type { ImageRecord } from '#records'
import type { Engine } from '../engine.ts'
import { hasLabel, type LabelCondition } from '../filter/labels.ts'
import { getImage } from './find-image.ts'

/** Conditions of a filter. An image must meet all of them. `references` holds if one pattern matches. */
export interface ImageFilters {
  /** Whether the image has no name. */
  readonly dangling?: readonly boolean[] | undefined
  readonly labels?: readonly LabelCondition[] | undefined
  /** Patterns such as `app*` or `*:2`, compared with the repository alone and with its tag. */
  readonly references?: readonly string[] | undefined
  /** Names or IDs of images that were made later. */
  readonly before?: readonly string[] | undefined
  /** Names or IDs of images that were made earlier. */
  readonly since?: readonly string[] | undefined
  /** Made before each of these instants. */
  readonly until?: readonly Date[] | undefined
}

/** An image under one of its names. */
export interface NamedImage {
  readonly image: ImageRecord
  /** `<none>` without a name. */
  readonly repository: string
  readonly tag: string
}

type Test = (named: NamedImage) => boolean | Promise<boolean>

/**
 * Returns a test for images. Throws `NOT_FOUND` if a condition names an absent image. The test throws
 * `INVALID` for a malformed pattern.
 */
export function imageTest(
  filters: ImageFilters,
  engine: Pick<Engine, 'records' | 'openImage'>,
): (named: NamedImage) => Promise<boolean> {
  const {
    dangling = [],
    labels = [],
    references = [],
    before = [],
    since = [],
    until = [],
  } = filters
  const madeAt = (name: string): number => timeOf(getImage(engine.records, name).image)
  const tests: readonly Test[] = [
    ...dangling.map(
      (wanted): Test =>
        ({ repository }) =>
          (repository === '<none>') === wanted,
    ),
    ...before.map(madeAt).map(
      (time): Test =>
        ({ image }) =>
          timeOf(image) < time,
    ),
    ...since.map(madeAt).map(
      (time): Test =>
        ({ image }) =>
          timeOf(image) > time,
    ),
    ...until.map(
      (instant): Test =>
        ({ image }) =>
          timeOf(image) < instant.getTime(),
    ),
    (named) => references.length === 0 || matchesOne(references, named),
    async ({ image }) => labels.length === 0 || hasLabels(await labelsOf(engine, image), labels),
  ]
  return async (named) => {
    for (const test of tests) if (!(await test(named))) return false
    return true
  }
}

function timeOf({ createdAt }: ImageRecord): number {
  return createdAt ?? 0
}

/** Imports the code of `.dockerignore` patterns only here, to keep `images` without patterns fast. */
async function matchesOne(
  patterns: readonly string[],
  { repository, tag }: NamedImage,
): Promise<boolean> {
  if (repository === '<none>') return false
  const { matchPattern, PatternError } = await import('#dockerfile/ignore/glob')
  const names = [repository, `${repository}:${tag}`]
  return patterns.some((pattern) => {
    try {
      return names.some((name) => matchPattern(pattern, name))
    } catch (cause) {
      if (!(cause instanceof PatternError)) throw cause
      throw new StrakeError('INVALID', `Cannot filter images by ${pattern}: ${cause.message}`, {
        cause,
      })
    }
  })
}

function hasLabels(
  own: Readonly<Record<string, string>>,
  wanted: readonly LabelCondition[],
): boolean {
  return wanted.every((condition) => hasLabel(own, condition))
}

/** Returns the labels of an image. */
export async function labelsOf(
  engine: Pick<Engine, 'openImage'>,
  image: ImageRecord,
): Promise<Readonly<Record<string, string>>> {
  const { config } = await engine.openImage(image)
  return config.config?.Labels ?? {}
}
