import { type Diagnostic, type Dockerfile, Problem, withSuggestion } from '#dockerfile'
import {
  formatPlatform,
  formatReference,
  normalizePlatform,
  parseReference,
  StrakeError,
} from '#oci'
import { hostPlatform } from '#platform'
import { type Emit, silent } from '#stream'
import type { ContextRoot } from './contexts/context-root.ts'
import { epochVariable, type FindEpoch, resolveEpoch } from './epoch-argument.ts'
import type { ContextSources } from './files/context-sources.ts'
import { checkFrontend, frontendRange } from './frontend.ts'
import { gitCommitTime } from './git/commit-time.ts'
import { checkLockedFrontend, checkVersion, lockedImage } from './lock/lock.ts'
import { frontendReference, lockName } from './lock/lock-of.ts'
import type { NamedContexts } from './model/contexts.ts'
import { DockerfileError, type DockerfileSource, failure } from './model/error.ts'
import { applyPolicy, type SourcePolicy } from './model/source-policy.ts'
import type { OpenDefinition } from './open-definition.ts'
import type { BuildOptions } from './options.ts'
import type { LayoutImage } from './plan/base-images.ts'
import { type Plan, planBuild } from './plan/plan.ts'
import { namesOf } from './plan/stages.ts'
import { withShell } from './shell-place.ts'
import { newestEpochs } from './times/epochs.ts'
import { parseEpoch, type Times } from './times/times.ts'
import type { BuildArgs } from './variables/scope.ts'
import { Warnings } from './warnings.ts'
import { withStep } from './with-step.ts'

/** Plans a Dockerfile for every platform, and emits warnings. Throws `DockerfileError`. */
export async function makePlans(
  options: BuildOptions,
  { source, dockerfile, ignore }: Pick<OpenDefinition, 'source' | 'dockerfile' | 'ignore'>,
  {
    buildArgs,
    contexts,
    found,
    findEpoch,
  }: {
    /** Called with the violations of build checks. */
    readonly found?: Diagnostic[] | undefined
    readonly buildArgs: BuildArgs
    readonly contexts: NamedContexts
    /** Finds the time that SOURCE_DATE_EPOCH names. Absent where no time is needed. */
    readonly findEpoch?: FindEpoch | undefined
  },
): Promise<readonly Plan[]> {
  const { services, emit = silent, signal } = options
  const warnings = new Warnings(dockerfile, source, { emit, found })
  useFrontend(buildArgs.get('BUILDKIT_SYNTAX'), dockerfile, { source, emit })
  const syntax = buildArgs.get('BUILDKIT_SYNTAX')
  checkLockedFrontend(options.lock, frontendReference(syntax, dockerfile.directives.syntax))
  warnings.emitParsed()
  const errors = dockerfile.diagnostics.filter(({ severity }) => severity === 'error')
  if (errors.length > 0) {
    const [first] = errors
    const sentence = `Cannot build ${source.name}: ${first?.message}`
    throw new DockerfileError(sentence, source, errors)
  }
  const build = hostPlatform()
  const platforms = { build, targets: (options.platforms ?? [build]).map(normalizePlatform) }
  const [target = build] = platforms.targets
  if (findEpoch !== undefined && options.timestamp !== 'now') {
    const scope = { source, buildArgs, platforms: { build, target } }
    await resolveEpoch(dockerfile, scope, findEpoch)
  }
  const { shellAt } = options
  const planned = shellAt === undefined ? dockerfile : withShell(dockerfile, shellAt, source)
  const plans = await planBuild(planned, {
    source,
    buildArgs,
    platforms,
    network: options.network ?? 'default',
    grants: new Set(options.allow ?? []),
    settings: options.runSettings,
    sourcePolicy: options.sourcePolicy,
    sbom: options.sbom,
    uncachedStages: uncachedStages(options, dockerfile, emit),
    warn: warnings.warn,
    ignore,
    target: shellAt === undefined ? options.target : undefined,
    contexts,
    resolveImage: (reference, platform, layout) => {
      const suffix =
        formatPlatform(platform) === formatPlatform(build) ? '' : ` for ${formatPlatform(platform)}`
      return withStep(`[internal] load metadata for ${reference}${suffix}`, emit, async () => {
        const allowed = allowedImage(reference, options.sourcePolicy, layout)
        const isLocal = layout !== undefined
        const digest = lockedImage(options.lock, lockName(allowed, isLocal), platform)
        const isOffline = options.offline === true || options.pullsNothing === true
        const pull = options.pull === true
        const wanted = { platform, pull, layout, digest, isOffline, emit, signal }
        const image = await services.resolveImage(allowed, wanted)
        if (options.lock?.isOfProvenance !== true) {
          checkVersion(allowed, digest, image.descriptor.digest)
        }
        return { ...image, reference: allowed, isLocal }
      })
    },
  })
  warnings.refuseViolations()
  const names = dockerfile.stages.flatMap(({ name, from, instructions }) => [
    ...(name === undefined ? [] : [name]),
    from.image,
    ...instructions.flatMap(namesOf),
  ])
  for (const { name, close } of contexts.unused(names)) {
    const question = close === undefined ? '' : ` (did you mean ${close}?)`
    emit({ type: 'warning', message: `no instruction uses the build context ${name}${question}` })
  }
  const unused = buildArgs.unused()
  if (unused.length > 0) {
    emit({
      type: 'warning',
      message: `one or more build-args ${unused.join(', ')} were not consumed`,
    })
  }
  return plans
}

/** Refuses a frontend that is not built in. The build argument replaces the directive. */
function useFrontend(
  argument: string | undefined,
  { directives }: Dockerfile,
  { source, emit }: { readonly source: DockerfileSource; readonly emit: Emit },
): void {
  try {
    if (argument?.trim() === '') throw new Problem('frontend', 'BUILDKIT_SYNTAX is empty')
    const message = checkFrontend(argument ?? directives.syntax ?? '')
    if (message !== undefined) emit({ type: 'warning', message })
  } catch (cause) {
    if (!(cause instanceof Problem)) throw cause
    const { message, rule } = cause
    const range = argument !== undefined ? undefined : frontendRange(source.text)
    const diagnostics = range === undefined ? [] : [failure(rule, message, range)]
    throw new DockerfileError(`Cannot build ${source.name}: ${message}`, source, diagnostics, {
      cause,
      remedy: 'build an ordinary Dockerfile with --build-arg BUILDKIT_SYNTAX=docker/dockerfile:1',
    })
  }
}

/** Returns the stages of `--no-cache-filter` in lower case. Warns of unknown names. */
function uncachedStages(
  { noCacheStages = [] }: BuildOptions,
  { stages }: Dockerfile,
  emit: Emit,
): readonly string[] {
  const known = stages.flatMap(({ name }) => (name === undefined ? [] : [name]))
  return noCacheStages.map((stage) => {
    const name = stage.toLowerCase()
    const message = `no stage is called ${stage}, so --no-cache-filter has no effect`
    if (!known.includes(name)) {
      emit({ type: 'warning', message: withSuggestion(message, name, known) })
    }
    return name
  })
}

/**
 * Chooses the times that the build writes: the epoch of the user, else the time of the
 * commit that the context is checked out at, else the times of the used files.
 */
export async function chooseTimes(
  options: BuildOptions,
  plans: readonly Plan[],
  {
    buildArgs,
    contextRoot,
    sources,
  }: {
    readonly buildArgs: BuildArgs
    readonly contextRoot: ContextRoot
    readonly sources: ContextSources
  },
): Promise<Times> {
  if (options.timestamp === 'now') return { kind: 'now' }
  const text = buildArgs.get(epochVariable) ?? plans[0]?.globals.get(epochVariable)
  const named = options.epoch ?? parseEpoch(text)
  if (named !== undefined) return { kind: 'fixed', epoch: named, isExplicit: true }
  const { path, kind, time } = contextRoot
  if (time !== undefined) return { kind: 'fixed', epoch: time, isExplicit: false }
  const committed = kind === 'directory' ? await gitCommitTime(path) : undefined
  if (committed !== undefined) return { kind: 'fixed', epoch: committed, isExplicit: false }
  return { kind: 'newest', epochs: newestEpochs(plans, sources) }
}

/** Returns the image by which the source policy replaces a reference. Throws `DENIED`. */
function allowedImage(
  reference: string,
  policy: SourcePolicy | undefined,
  layout: LayoutImage | undefined,
): string {
  if (policy === undefined) return reference
  const scheme = 'docker-image://'
  const identifier =
    layout === undefined
      ? `${scheme}${formatReference(parseReference(reference))}`
      : `oci-layout://${layout.path}${layout.image}`
  const { identifier: found } = applyPolicy(policy, { identifier, attributes: {} })
  if (found === identifier) return reference
  if (layout === undefined && found.startsWith(scheme)) return found.slice(scheme.length)
  throw new StrakeError('INVALID', `Cannot use ${found} for ${identifier}: it is not an image`, {
    remedy: 'correct the source policy',
  })
}

/** The creation time in the image config. */
export function creationTime(times: Times, plan: Plan, now: () => number = Date.now): number {
  switch (times.kind) {
    case 'now':
      return Math.floor(now() / 1000)
    case 'fixed':
      return times.epoch
    case 'newest':
      return times.epochs.get(plan.target.digest) ?? 0
  }
}
