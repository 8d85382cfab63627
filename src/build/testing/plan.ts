import { parse, parseIgnore } from '#dockerfile'
import type { ImageConfig, Platform } from '#oci'
import { type NamedContext, NamedContexts } from '../model/contexts.ts'
import { inDependencyOrder, type Vertex } from '../model/graph.ts'
import type { Grant } from '../model/run-settings.ts'
import type { BaseImage } from '../plan/base-images.ts'
import { type Plan, planBuild } from '../plan/plan.ts'
import { createBuildArgs } from '../variables/scope.ts'

/** The search path of images that name none. */
export const path: string = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
/** The PATH variable of images without PATH. */
export const usual: string = `PATH=${path}`
export const linux: Platform = { os: 'linux', architecture: 'amd64' }

/** A plan, and the warnings and names that planning reported. */
export interface Planned extends Plan {
  readonly resolved: readonly string[]
  /** The rules of the warnings, and their messages with line numbers. */
  readonly warnings: readonly string[]
  readonly sentences: readonly string[]
  readonly unused: readonly string[]
  /** Names of the steps, inputs first. */
  readonly steps: readonly string[]
  readonly lines: readonly (string | undefined)[]
}

/** Plans a Dockerfile for linux/arm64. All its base images are one image. */
export async function plan(
  text: string,
  options: {
    readonly target?: string
    readonly args?: Record<string, string>
    readonly base?: ImageConfig['config']
    readonly grants?: readonly Grant[]
    readonly uncachedStages?: readonly string[]
    readonly ignore?: string
    readonly contexts?: Record<string, NamedContext>
    /** Receives the warnings, for plans that fail. */
    readonly warnings?: string[]
  } = {},
): Promise<Planned> {
  const resolved: string[] = []
  const warnings: string[] = []
  const sentences = options.warnings ?? []
  const buildArgs = createBuildArgs(options.args ?? {})
  const [planned] = await planBuild(parse(text), {
    source: { text, name: 'Dockerfile' },
    buildArgs,
    platforms: { build: linux, targets: [{ os: 'linux', architecture: 'arm64' }] },
    network: 'default',
    grants: new Set(options.grants ?? []),
    uncachedStages: options.uncachedStages,
    warn(rule, message, range) {
      warnings.push(rule)
      sentences.push(`${range.start.line}: ${message}`)
    },
    ignore: options.ignore === undefined ? undefined : parseIgnore(options.ignore),
    target: options.target,
    contexts: new NamedContexts(new Map(Object.entries(options.contexts ?? {}))),
    resolveImage: async (reference) => {
      resolved.push(reference)
      return { ...baseImage(options.base), reference, isLocal: false }
    },
  })
  if (planned === undefined) throw new Error('there is no plan')
  return {
    ...planned,
    resolved,
    warnings,
    sentences,
    unused: buildArgs.unused(),
    steps: inDependencyOrder(planned.target).map(({ name }) => name),
    lines: planned.history.map(({ entry }) => entry.created_by),
  }
}

export function baseImage(config: ImageConfig['config'] = {}): BaseImage {
  const rootfs = { type: 'layers', diff_ids: [] } as const
  return {
    descriptor: { mediaType: 'test', digest: 'sha256:base', size: 1 },
    config: { os: 'linux', architecture: 'arm64', rootfs, config },
    layers: [],
  }
}

/** Returns the last operation of a kind. */
export function opOf<Kind extends Vertex['op']['kind']>(
  { target }: Plan,
  kind: Kind,
): Extract<Vertex['op'], { kind: Kind }> {
  const ops = inDependencyOrder(target).map(({ op }) => op)
  const found = ops.findLast((op) => op.kind === kind)
  if (found?.kind !== kind) throw new Error(`the plan has no ${kind}`)
  return found as Extract<Vertex['op'], { kind: Kind }>
}
