import { withoutPasswords } from '#dockerfile'
import { type Digest, formatPlatform, type Layer, type Platform } from '#oci'
import type { BuildContexts } from '../files/build-context.ts'
import type { NamedContext } from '../model/contexts.ts'
import { inDependencyOrder, mainContext, type Vertex } from '../model/graph.ts'
import type {
  BuildParameters,
  HttpMaterial,
  ImageMaterial,
  Material,
  Provenance,
  ProvenanceStep,
  UsedCredential,
} from '../model/provenance.ts'
import type { FileState } from '../model/state.ts'
import type { BuildOptions } from '../options.ts'
import type { NamedBase } from '../plan/base-images.ts'
import type { Plan } from '../plan/plan.ts'
import { proxyArgs } from '../variables/scope.ts'

/** What a build knows about itself after its last step. */
export interface FinishedBuild {
  readonly plan: Plan
  readonly options: BuildOptions
  readonly builder: Platform
  readonly dockerfile: Provenance['dockerfile']
  /** The Dockerfile of a URL. */
  readonly fetched: HttpMaterial | undefined
  readonly contexts: BuildContexts
  readonly states: ReadonlyMap<Digest, FileState>
  /** What steps took from other machines, by vertex. */
  readonly materials: ReadonlyMap<Digest, readonly Material[]>
}

/** Collects what the image for one platform was made of, from the vertices that it needs. */
export function collectProvenance(build: FinishedBuild): Provenance {
  const { plan, options, builder, dockerfile, contexts } = build
  const vertices = inDependencyOrder(plan.target)
  const used = contextsOf(vertices)
  const main = contexts.get(mainContext)?.material
  const runs = vertices.flatMap(({ op }) => (op.kind === 'run' ? [op] : []))
  const mounts = runs.flatMap((op) => op.mounts ?? [])
  return {
    platform: plan.platform,
    builder,
    dockerfile: { ...dockerfile, text: withoutPasswords(dockerfile.text) },
    ...(main !== undefined && { context: main }),
    checkout: options.checkout ?? {},
    locals: localsOf(build, used),
    materials: materialsOf(build, vertices, used),
    parameters: parametersOf(options),
    secrets: credentials(mounts.filter((mount) => mount.kind === 'secret')),
    agents: credentials(mounts.filter((mount) => mount.kind === 'ssh')),
    usesNetwork: runs.some(({ network }) => network !== 'none'),
    steps: stepsOf(vertices, build.states),
  }
}

/** The names of the contexts whose files the vertices use. */
function contextsOf(vertices: readonly Vertex[]): ReadonlySet<string> {
  return new Set(
    vertices.flatMap(({ op }) => {
      if (op.kind === 'copy') return 'context' in op.from ? [op.from.context] : []
      return op.kind === 'add' && op.sources.some(({ kind }) => kind === 'path')
        ? [mainContext]
        : []
    }),
  )
}

/** The contexts of this machine, under BuildKit's names. */
function localsOf(
  { contexts, fetched }: FinishedBuild,
  used: ReadonlySet<string>,
): readonly string[] {
  const isLocal = (name: string): boolean => contexts.get(name)?.material === undefined
  const names = [...used].filter(isLocal)
  // A Dockerfile of this machine is also one that was read from standard input.
  const isOwn = fetched === undefined && isLocal(mainContext)
  return [...names, ...(isOwn ? ['dockerfile'] : [])].sort()
}

function materialsOf(
  { plan, contexts, fetched, materials }: FinishedBuild,
  vertices: readonly Vertex[],
  used: ReadonlySet<string>,
): readonly Material[] {
  const images = vertices.flatMap(({ op }): readonly Material[] => {
    const image = op.kind === 'image' ? plan.images.get(op.manifest) : undefined
    return image === undefined || op.kind !== 'image' ? [] : [imageMaterial(image, op.platform)]
  })
  const main = contexts.get(mainContext)?.material
  const others = [
    ...(main === undefined ? [] : [main]),
    ...[...used].flatMap((name) => contexts.get(name)?.material ?? []),
    ...(fetched === undefined ? [] : [fetched]),
    ...vertices.flatMap(({ digest }) => materials.get(digest) ?? []),
  ]
  const once = new Map([...images, ...others].map((each) => [keyOf(each), each]))
  return [...once].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, each]) => each)
}

/** The image of a vertex. */
export function imageMaterial(
  { reference, descriptor, isLocal }: NamedBase,
  platform: Platform,
): ImageMaterial {
  return { kind: 'image', reference, platform, digest: descriptor.digest, isLocal }
}

const order = { image: 0, git: 1, http: 2 } as const

function keyOf(material: Material): string {
  const name =
    material.kind === 'image'
      ? `${material.reference} ${formatPlatform(material.platform)} ${material.digest}`
      : `${material.url} ${versionOf(material)}`
  return `${order[material.kind]} ${name}`
}

function versionOf(material: Exclude<Material, ImageMaterial>): string {
  if (material.kind === 'git') return material.commit
  return `${material.digest}${material.isDownload ? ' download' : ''}`
}

/** The build argument that fixes the times of a result. */
const epochArgument = 'SOURCE_DATE_EPOCH'

/** Values of proxies may have passwords. They do not change a result. */
function parametersOf(options: BuildOptions): BuildParameters {
  const given = Object.entries(options.buildArgs ?? {})
  const own = given.filter(([name]) => !proxyArgs.includes(name))
  const { epoch } = options
  const buildArgs =
    epoch === undefined || options.buildArgs?.[epochArgument] !== undefined
      ? own
      : [...own, [epochArgument, String(epoch)] as [string, string]]
  const contexts = [...(options.contexts ?? [])].map(([name, context]) => [
    name,
    sourceOf(name, context),
  ])
  return {
    target: options.target,
    buildArgs: Object.fromEntries(buildArgs.sort(byName)),
    labels: Object.fromEntries(Object.entries(options.labels ?? {}).sort(byName)),
    contexts: Object.fromEntries(contexts.sort(([a = ''], [b = '']) => (a < b ? -1 : 1))),
    network: options.network ?? 'default',
    runSettings: options.runSettings,
    noCache: options.noCache === true,
    noCacheStages: options.noCacheStages ?? [],
  }
}

function byName([a]: readonly [string, string], [b]: readonly [string, string]): number {
  return a < b ? -1 : 1
}

/** The source of a named context. A path of this machine is left out. */
function sourceOf(name: string, context: NamedContext): string {
  switch (context.kind) {
    case 'directory':
      return `local:${name}`
    case 'remote':
      return withoutPasswords(context.url)
    case 'image':
      return `docker-image://${context.reference}`
    case 'layout':
      return `oci-layout://${name}${context.image}`
  }
}

function credentials(mounts: readonly UsedCredential[]): readonly UsedCredential[] {
  const once = new Map<string, UsedCredential>()
  for (const { id, isRequired } of mounts) {
    once.set(id, { id, isRequired: isRequired || once.get(id)?.isRequired === true })
  }
  return [...once.values()].sort((a, b) => (a.id < b.id ? -1 : 1))
}

function stepsOf(
  vertices: readonly Vertex[],
  states: ReadonlyMap<Digest, FileState>,
): readonly ProvenanceStep[] {
  const indexes = new Map(vertices.map(({ digest }, index) => [digest, index]))
  return vertices.map(({ digest, name, op, inputs, range }) => ({
    digest,
    name,
    op,
    inputs: inputs.flatMap((input) => indexes.get(input.digest) ?? []),
    range,
    layers: (states.get(digest)?.layers ?? []).map(
      ({ descriptor, diffId }): Layer => ({ descriptor, diffId }),
    ),
  }))
}
