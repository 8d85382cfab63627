import { stat } from 'node:fs/promises'
import { type BuildOptions, type FailedStep, isRemoteContext, type NamedContext } from '#build'
import { StrakeError } from '#oci'
import { checkoutOf } from '../attest/checkout.ts'
import { sbomRequest } from '../attest/sbom-request.ts'
import type { Engine } from '../engine.ts'
import { lockFileOf, readLockFile } from '../lock/lock-file.ts'
import type { Agents } from './agents.ts'
import type { BuildRequest } from './request.ts'
import { readSecrets } from './secrets.ts'
import { readSourcePolicy } from './source-policy.ts'

/** Returns the options of a build. Reads its secrets. Throws `INVALID`. */
export async function buildOptions(
  engine: Engine,
  request: BuildRequest,
  { services, agents }: Pick<BuildOptions, 'services'> & Pick<Agents, 'agents'>,
): Promise<BuildOptions> {
  const { context, dockerfile, network, timestamp, emit, signal } = request
  return {
    services,
    context,
    contexts: await checkContexts(request.contexts),
    dockerfile,
    target: request.target,
    platforms: request.platforms,
    network,
    // `--network host` is the permission for every RUN to use the network of the host.
    allow: [...(request.allow ?? []), ...(network === 'host' ? ['network.host' as const] : [])],
    runSettings: request.runSettings,
    runLimits: request.runLimits,
    logLimits: readLogLimits(engine.env),
    sbom: sbomRequest(request.attestations?.sbom, engine.env),
    noCacheStages: request.noCacheStages,
    annotations: request.annotations,
    checkout: request.checkout ?? (await ownCheckout(request, engine)),
    lock:
      request.lock?.mode === 'check'
        ? await readLockFile(lockFileOf(request, isRemoteContext))
        : undefined,
    offline: request.offline,
    sourcePolicy: await readSourcePolicy(request, engine.env),
    timestamp: timestamp === 'now' ? timestamp : undefined,
    epoch: typeof timestamp === 'number' ? timestamp : undefined,
    buildArgs: withEpoch(request.buildArgs, engine.env),
    downloads: request.downloads,
    secrets: await readSecrets(request.secrets ?? [], engine.env, signal),
    agents,
    labels: Object.fromEntries(request.labels ?? []),
    noCache: request.noCache === true,
    pull: request.pull === true,
    pullsNothing: request.pull === 'never',
    concurrency: request.jobs,
    ignoreText: request.ignoreText,
    edits: request.edits,
    explain: request.explain === true,
    onFailedStep: request.debugOnFailure ? (step) => inspectFailure(step, request) : undefined,
    emit,
    signal,
  }
}

/** Reads the checkout only for a build with a provenance or a metadata file: nothing else names it. */
async function ownCheckout(
  { attestations, context, dockerfile, metadataFile }: BuildRequest,
  { env }: Engine,
): Promise<BuildOptions['checkout']> {
  const isTold = attestations?.provenance !== undefined || metadataFile !== undefined
  return isTold ? await checkoutOf(context, dockerfile, env) : {}
}

/** Opens a shell in a failed step. The build fails with the error of the step, whatever happens here. */
async function inspectFailure(
  step: FailedStep,
  { emit, onShell, signal }: BuildRequest,
): Promise<void> {
  try {
    await step.openShell({ onOpen: () => onShell?.(step.place, step.name), signal })
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    emit?.({ type: 'warning', message })
  }
}

/** Reads the variables of BuildKit for the output of steps. Ignores what is not a number. */
export function readLogLimits(env: Engine['env']): BuildOptions['logLimits'] {
  const read = (name: string): number | undefined => {
    const text = env[name] ?? ''
    return /^-?\d{1,10}$/.test(text) ? Number(text) : undefined
  }
  const size = read('BUILDKIT_STEP_LOG_MAX_SIZE')
  const speed = read('BUILDKIT_STEP_LOG_MAX_SPEED')
  return { ...(size !== undefined && { size }), ...(speed !== undefined && { speed }) }
}

/** Refuses directories that are absent, also those that no instruction uses. */
async function checkContexts(
  contexts: BuildRequest['contexts'],
): Promise<ReadonlyMap<string, NamedContext>> {
  for (const [name, context] of contexts ?? []) {
    if (context.kind !== 'directory' && context.kind !== 'layout') continue
    if (context.kind === 'layout' && context.served !== undefined) continue
    const status = await stat(context.path).catch(() => undefined)
    if (status?.isDirectory() === true) continue
    const reason = `${context.path} is not a directory`
    throw new StrakeError('NOT_FOUND', `Cannot use the build context ${name}: ${reason}`)
  }
  return contexts ?? new Map()
}

/** Adds SOURCE_DATE_EPOCH of the environment. A build argument of that name wins. */
function withEpoch(
  buildArgs: ReadonlyMap<string, string> | undefined,
  env: Engine['env'],
): Readonly<Record<string, string>> {
  const epoch = env['SOURCE_DATE_EPOCH']
  return {
    ...(epoch ? { SOURCE_DATE_EPOCH: epoch } : {}),
    ...Object.fromEntries(buildArgs ?? []),
  }
}
