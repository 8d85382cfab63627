import { type Digest, isConfigType, limits, parseConfig, type RunConfig } from '#oci'
import type { Repository } from '#registry'
import { toBuffer } from '#stream'
import { compareTrees, type FileChange } from '../files/file-tree.ts'
import type { Place } from '../place.ts'
import { type FoundImage, findImage, readImageTree } from './images.ts'
import type { Source } from './source.ts'

/** What differs between two images of a repository. */
export interface Comparison {
  readonly name: string
  readonly reference: string
  readonly other: string
  readonly isSame: boolean
  /** The fields of the configurations that differ, as JSON. */
  readonly config: readonly FieldChange[]
  readonly layers: {
    readonly shared: number
    readonly removed: readonly Digest[]
    readonly added: readonly Digest[]
  }
  /** The first changes. */
  readonly files: readonly FileChange[]
  readonly count: number
}

export interface FieldChange {
  readonly name: string
  readonly before?: string | undefined
  readonly after?: string | undefined
}

const mostChanges = 2_000

export async function compareReferences(
  source: Source,
  { name, reference, other }: Extract<Place, { kind: 'compare' }>,
): Promise<Comparison> {
  const repository = source.registry.repository(name)
  const before = await findImage(repository, reference, source.signal)
  const after = await findImage(repository, other, source.signal)
  const changes = compareTrees(
    await readImageTree(source, repository, before),
    await readImageTree(source, repository, after),
  )
  const [old, now] = [before, after].map(({ manifest }) =>
    manifest.layers.map((each) => each.digest),
  )
  return {
    name,
    reference,
    other,
    isSame: before.digest === after.digest,
    config: compareFields(
      await readFields(repository, before, source.signal),
      await readFields(repository, after, source.signal),
    ),
    layers: compareLayers(old ?? [], now ?? []),
    files: changes.slice(0, mostChanges),
    count: changes.length,
  }
}

function compareLayers(old: readonly Digest[], now: readonly Digest[]): Comparison['layers'] {
  const [before, after] = [new Set(old), new Set(now)]
  const removed = old.filter((digest) => !after.has(digest))
  const added = now.filter((digest) => !before.has(digest))
  return { shared: now.length - added.length, removed, added }
}

type Field = { readonly [name in keyof RunConfig | 'platform']?: string | undefined }

async function readFields(
  repository: Repository,
  { manifest: { config } }: FoundImage,
  signal: AbortSignal,
): Promise<Field> {
  if (!isConfigType(config.mediaType) || config.size > limits.configSize) return {}
  const raw = await toBuffer(repository.read(config, { signal }), limits.configSize)
  const { os, architecture, variant, config: run = {} } = parseConfig(raw)
  const fields = Object.entries({ platform: { os, architecture, variant }, ...run })
  return Object.fromEntries(fields.map(([name, value]) => [name, JSON.stringify(value)]))
}

function compareFields(before: Field, after: Field): readonly FieldChange[] {
  const [old, now] = [new Map(Object.entries(before)), new Map(Object.entries(after))]
  const names = new Set([...old.keys(), ...now.keys()])
  return [...names]
    .filter((name) => old.get(name) !== now.get(name))
    .map((name) => ({ name, before: old.get(name), after: now.get(name) }))
}
