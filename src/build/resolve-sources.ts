import type { Dockerfile } from '#dockerfile'
import { hostPlatform } from '#platform'
import { textOf } from './explain/inputs.ts'
import { targetsOf } from './inspect.ts'
import { type BuildLock, nameOfSource } from './lock/lock.ts'
import { sortSources } from './lock/lock-file.ts'
import { lockMaterial, lockOf } from './lock/lock-of.ts'
import { inDependencyOrder } from './model/graph.ts'
import type { Material } from './model/provenance.ts'
import { withPlaces } from './open-definition.ts'
import { type OpenWorkspace, openWorkspace } from './open-workspace.ts'
import type { BuildOptions } from './options.ts'
import type { ImageUse } from './plan/base-images.ts'
import type { Plan } from './plan/plan.ts'
import { collectProvenance, imageMaterial } from './provenance/collect.ts'
import { predict } from './solve/predict.ts'

/** An instruction that uses a source. */
export interface SourceUse {
  /** In the Dockerfile, from 1. */
  readonly line: number | undefined
  readonly text: string
}

/** The present versions of the sources of a build. */
export interface ResolvedSources {
  readonly lock: BuildLock
  /** By the name of the source. The context and the frontend have no instruction. */
  readonly uses: ReadonlyMap<string, readonly SourceUse[]>
}

/**
 * Finds the present versions of everything that the target takes from other machines; without a
 * target, that all stages take. Runs no step and pulls no layers. Throws as `build` does.
 */
export async function resolveSources(options: BuildOptions): Promise<ResolvedSources> {
  const locks: BuildLock[] = []
  const uses = new Map<string, SourceUse[]>()
  let targets: readonly (string | undefined)[] = [options.target]
  for (let at = 0; at < targets.length; at++) {
    const found = await resolveTarget({ ...options, target: targets[at] }, uses)
    // The Dockerfile may be from another machine, so that it is read with the first target.
    if (at === 0) targets = [targets[0], ...found.others]
    locks.push(found.lock)
  }
  return { lock: { sources: sortSources(locks.flatMap(({ sources }) => sources)) }, uses }
}

async function resolveTarget(
  options: BuildOptions,
  uses: Map<string, SourceUse[]>,
): Promise<{ readonly lock: BuildLock; readonly others: readonly (string | undefined)[] }> {
  const { services, signal, target } = options
  await using lease = await services.records.leases.acquire({ purpose: 'build' })
  return await withPlaces(services, async (places) => {
    using opened = await openWorkspace(options, { places, lease, isPrediction: true })
    const { plans, workspace, definition } = opened
    const vertices = plans.map((plan) => plan.target)
    const images = plans[0]?.images ?? new Map()
    // Only the downloads of ADD are of interest here, and a prediction finds them.
    await predict(vertices, { ...workspace, emit: () => {} }, { images, signal })
    const { materials, contexts } = workspace
    const { source, fetched } = definition
    const known = { options, builder: hostPlatform(), dockerfile: source, fetched, contexts }
    const states = new Map()
    const provenances = plans.map((plan) =>
      collectProvenance({ ...known, plan, states, materials }),
    )
    for (const plan of plans) addUses(plan, opened, uses)
    return { lock: lockOf(provenances), others: othersOf(definition.dockerfile, target) }
  })
}

/** The targets beside the default one, if the user named none. */
function othersOf(
  dockerfile: Dockerfile,
  target: string | undefined,
): readonly (string | undefined)[] {
  const last = String(dockerfile.stages.length - 1)
  return target === undefined
    ? targetsOf(dockerfile, undefined).filter((each) => each !== undefined && each !== last)
    : []
}

function addUses(plan: Plan, { workspace }: OpenWorkspace, uses: Map<string, SourceUse[]>): void {
  const add = (material: Material, { name, range }: ImageUse): void => {
    const source = nameOfSource(lockMaterial(material))
    const use = { line: range?.start.line, text: textOf(name) }
    const before = uses.get(source) ?? []
    const isKnown = before.some(({ line, text }) => line === use.line && text === use.text)
    if (!isKnown) uses.set(source, [...before, use].sort(byLine))
  }
  for (const { digest, op, ...origin } of inDependencyOrder(plan.target)) {
    const image = op.kind === 'image' ? plan.images.get(op.manifest) : undefined
    if (image !== undefined && op.kind === 'image') {
      const material = imageMaterial(image, op.platform)
      for (const use of plan.imageUses.get(op.manifest) ?? []) add(material, use)
    } else for (const material of workspace.materials.get(digest) ?? []) add(material, origin)
  }
}

function byLine(a: SourceUse, b: SourceUse): number {
  return (a.line ?? 0) - (b.line ?? 0)
}
