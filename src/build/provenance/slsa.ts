import { withoutPasswords } from '#dockerfile'
import type { Descriptor, Layer } from '#oci'
import { formatPlatform, normalizePlatform } from '#oci'
import { newestFrontend } from '../frontend.ts'
import type { Provenance } from '../model/provenance.ts'
import { buildSteps } from './build-steps.ts'
import { type Dependency, type DigestSet, dependencyOf } from './materials.ts'
import { requestArguments } from './request.ts'

/** How much a provenance tells, and in which version of SLSA. */
export interface SlsaOptions {
  readonly version: 'v1' | 'v0.2'
  /** `min` has neither build arguments and labels nor the names of secrets, steps and layers. */
  readonly mode: 'min' | 'max'
  readonly builderId?: string | undefined
  /** The user states that the build is reproducible. Then its provenance has no times. */
  readonly isReproducible: boolean
  /** The version of this program. */
  readonly builderVersion: string
  readonly run: BuildRun
  /** The layers of the image as it is written. Their archives may be compressed. */
  readonly layers: readonly Layer[]
}

/** One run of a build. */
export interface BuildRun {
  readonly id: string
  readonly startedOn: Date
  readonly finishedOn: Date
}

export const slsaTypes = {
  v1: 'https://slsa.dev/provenance/v1',
  'v0.2': 'https://slsa.dev/provenance/v0.2',
} as const

const buildTypes = {
  v1: 'https://github.com/moby/buildkit/blob/master/docs/attestations/slsa-definitions.md',
  'v0.2': 'https://mobyproject.org/buildkit@v1',
} as const

/** BuildKit's number for the way in which an image is assembled. */
const compatibilityVersion = 30

/** The parts that both versions of SLSA have, under different names. */
interface Parts {
  readonly configSource: { readonly uri?: string; readonly digest?: DigestSet }
  readonly path: string
  readonly request: object
  readonly buildConfig: object | undefined
  readonly builderPlatform: string
  readonly targetPlatform: string
  readonly dependencies: readonly Dependency[]
  readonly isRequestComplete: boolean
  readonly areDependenciesComplete: boolean
  readonly isHermetic: boolean
  readonly metadata: object
}

/**
 * Describes a build in the form of BuildKit's provenance. Neither version has the value of a
 * secret.
 *
 * @see https://slsa.dev/spec/v1.1/provenance
 */
export function slsaPredicate(provenance: Provenance, options: SlsaOptions): object {
  const parts = partsOf(provenance, options)
  return options.version === 'v1' ? version1(parts, options) : version02(parts, options)
}

function version1(parts: Parts, options: SlsaOptions): object {
  const { id, startedOn, finishedOn } = options.run
  return {
    buildDefinition: {
      buildType: buildTypes.v1,
      externalParameters: {
        configSource: { ...parts.configSource, path: parts.path },
        request: parts.request,
      },
      internalParameters: {
        ...(parts.buildConfig && { buildConfig: parts.buildConfig }),
        builderPlatform: parts.builderPlatform,
        dockerfileVersion: `${newestFrontend}.0`,
        targetPlatform: parts.targetPlatform,
      },
      ...(parts.dependencies.length > 0 && { resolvedDependencies: parts.dependencies }),
    },
    runDetails: {
      builder: { id: options.builderId ?? '', version: { strake: options.builderVersion } },
      metadata: {
        ...(!options.isReproducible && { invocationId: id, startedOn, finishedOn }),
        buildkit_metadata: parts.metadata,
        ...(parts.isHermetic && { buildkit_hermetic: true }),
        buildkit_completeness: {
          request: parts.isRequestComplete,
          resolvedDependencies: parts.areDependenciesComplete,
        },
        ...(options.isReproducible && { buildkit_reproducible: true }),
      },
    },
  }
}

function version02(parts: Parts, options: SlsaOptions): object {
  const { id, startedOn, finishedOn } = options.run
  return {
    builder: { id: options.builderId ?? '' },
    buildType: buildTypes['v0.2'],
    ...(parts.dependencies.length > 0 && { materials: parts.dependencies }),
    invocation: {
      configSource: { ...parts.configSource, entryPoint: parts.path },
      parameters: parts.request,
      environment: {
        platform: parts.builderPlatform,
        dockerfileVersion: `${newestFrontend}.0`,
      },
    },
    ...(parts.buildConfig && { buildConfig: parts.buildConfig }),
    metadata: {
      ...(!options.isReproducible && {
        buildInvocationID: id,
        buildStartedOn: startedOn,
        buildFinishedOn: finishedOn,
      }),
      completeness: {
        parameters: parts.isRequestComplete,
        environment: true,
        materials: parts.areDependenciesComplete,
      },
      reproducible: options.isReproducible,
      'https://mobyproject.org/buildkit@v1#metadata': parts.metadata,
      ...(parts.isHermetic && { 'https://mobyproject.org/buildkit@v1#hermetic': true }),
    },
  }
}

function partsOf(provenance: Provenance, options: SlsaOptions): Parts {
  const { context, locals, secrets, agents, materials, usesNetwork } = provenance
  const isWhole = options.mode === 'max'
  const { args, isComplete } = requestArguments(provenance.parameters, isWhole)
  const credential = ({ id, isRequired }: (typeof secrets)[number]): object => ({
    id,
    ...(!isRequired && { optional: true }),
  })
  const source = context && dependencyOf(context)
  const complete = locals.length === 0
  const whole = isWhole ? maximum(provenance, options) : undefined
  return {
    configSource: source ?? {},
    path: provenance.dockerfile.name,
    request: {
      frontend: 'dockerfile.v0',
      ...(Object.keys(args).length > 0 && { args }),
      ...(isWhole && secrets.length > 0 && { secrets: secrets.map(credential) }),
      ...(isWhole && agents.length > 0 && { ssh: agents.map(credential) }),
      ...(locals.length > 0 && { locals: locals.map((name) => ({ name })) }),
      compatibilityVersion,
    },
    buildConfig: whole?.buildConfig,
    metadata: { ...checkoutMember(provenance.checkout), ...whole?.metadata },
    builderPlatform: formatPlatform(normalizePlatform(provenance.builder)),
    targetPlatform: formatPlatform(normalizePlatform(provenance.platform)),
    dependencies: materials.map(dependencyOf),
    isRequestComplete: isComplete,
    areDependenciesComplete: complete,
    isHermetic: complete && !usesNetwork,
  }
}

/** URLs of remotes may have passwords, also those that a client tells. */
function checkoutMember(checkout: Provenance['checkout']): object {
  const members = Object.entries(checkout).sort(([a], [b]) => (a < b ? -1 : 1))
  if (members.length === 0) return {}
  const vcs = members.map(([name, value]) => [name, withoutPasswords(value)])
  return { vcs: Object.fromEntries(vcs) }
}

/** The steps, the Dockerfile with the lines of each step, and the layers of each step. */
function maximum(
  provenance: Provenance,
  { layers }: SlsaOptions,
): { readonly buildConfig: object; readonly metadata: object } {
  const { steps, ids } = buildSteps(provenance)
  const digestMapping = Object.fromEntries(
    provenance.steps.flatMap(({ digest }, at) =>
      ids[at] === undefined ? [] : [[digest, ids[at]]],
    ),
  )
  // The times of layers may have been changed since their steps, so the height identifies them.
  const result = provenance.steps.at(-1)?.layers ?? []
  const locations: Record<string, object> = {}
  const stepLayers: Record<string, readonly (readonly Descriptor[])[]> = {}
  provenance.steps.forEach(({ range, layers: own }, at) => {
    const id = ids[at]
    if (id === undefined) return
    if (range !== undefined) {
      const ranges = [{ start: { line: range.start.line }, end: { line: range.end.line } }]
      locations[id] = { locations: [{ ranges }] }
    }
    const isBelow = own.every(({ diffId }, height) => diffId === result[height]?.diffId)
    if (!isBelow || own.length === 0) return
    stepLayers[`${id}:0`] = [layers.slice(0, own.length).map(plainDescriptor)]
  })
  const { name, text } = provenance.dockerfile
  const data = Buffer.from(text).toString('base64')
  return {
    buildConfig: { llbDefinition: steps, digestMapping },
    metadata: {
      source: { locations, infos: [{ filename: name, language: 'Dockerfile', data }] },
      ...(Object.keys(stepLayers).length > 0 && { layers: stepLayers }),
    },
  }
}

function plainDescriptor({ descriptor: { mediaType, digest, size } }: Layer): Descriptor {
  return { mediaType, digest, size }
}
