import type { BuildRequest } from '#engine/build/build'
import { isRemoteContext } from '#engine/build/build'
import type { RecordedBuild } from '#engine/reproduce/recorded-build'
import { StrakeError } from '#oci'
import { parseBuildContexts } from './contexts.ts'
import { parseBuildNetwork } from './request.ts'
import { parseRunSettings } from './run.ts'

/**
 * Adds what the provenance of `image` says about its build. What the user named stays. Throws
 * `INVALID` for files of another machine, and for permissions that only the user can give.
 */
export function withRecordedBuild(
  request: BuildRequest,
  recorded: RecordedBuild,
  image: string,
): BuildRequest {
  const { args } = recorded
  const cannot = (reason: string, remedy: string): StrakeError =>
    new StrakeError('INVALID', `Cannot verify ${image}: ${reason}`, { remedy })
  const contexts = new Map([...recordedContexts(recorded), ...(request.contexts ?? [])])
  for (const local of recorded.locals) {
    if (local === 'context' || local === 'dockerfile' || contexts.has(local)) continue
    const remedy = `give it with --build-context ${local}=DIRECTORY`
    throw cannot(`it was built with the local build context ${local}`, remedy)
  }
  const network = request.network ?? recordedNetwork(args)
  if (network === 'host' && request.network !== 'host') {
    throw cannot('its build used the network of this machine', 'allow it with --network host')
  }
  const { context, dockerfile } = sourceOf(request, recorded, cannot)
  return {
    ...request,
    context,
    dockerfile,
    contexts,
    network,
    target: request.target ?? args['target'],
    buildArgs: new Map([...prefixed(args, 'build-arg:'), ...(request.buildArgs ?? [])]),
    labels: new Map([...prefixed(args, 'label:'), ...(request.labels ?? [])]),
    runSettings: { ...recordedSettings(args), ...request.runSettings },
  }
}

/** The context and the Dockerfile. A local context has to be named, and is never one of a path in the provenance. */
function sourceOf(
  { context, dockerfile }: BuildRequest,
  { source, locals, text, dockerfile: name }: RecordedBuild,
  cannot: (reason: string, remedy: string) => StrakeError,
): Pick<BuildRequest, 'context' | 'dockerfile'> {
  if (context !== undefined || typeof dockerfile === 'object') return { context, dockerfile }
  if (source !== undefined && isRemoteContext(source)) {
    return { context: source, dockerfile: dockerfile ?? name }
  }
  const usesFiles = locals.some((local) => local === 'context')
  if (!usesFiles && text !== undefined) {
    return { context, dockerfile: dockerfile ?? { text } }
  }
  throw cannot('it was built from local files', 'name their directory as the last argument')
}

/** The contexts of other machines. Those of files were on the machine that built. */
function recordedContexts({ args }: RecordedBuild): ReturnType<typeof parseBuildContexts> {
  const elsewhere = [...prefixed(args, 'context:')].filter(
    ([, source]) => source.startsWith('docker-image://') || isRemoteContext(source),
  )
  return parseBuildContexts(elsewhere.map(([name, source]) => `${name}=${source}`))
}

function recordedNetwork(args: RecordedBuild['args']): BuildRequest['network'] {
  const mode = args['force-network-mode']
  return mode === undefined ? undefined : parseBuildNetwork(mode)
}

function recordedSettings(args: RecordedBuild['args']): BuildRequest['runSettings'] {
  const listed = (name: string): readonly string[] => (args[name] ?? '').split(',').filter(Boolean)
  const size = args['shm-size'] ?? ''
  return parseRunSettings({
    addHosts: listed('add-hosts'),
    ulimits: listed('ulimit'),
    ...(/^\d{1,15}$/.test(size) && { shmSize: Number(size) }),
  })
}

function prefixed(args: RecordedBuild['args'], prefix: string): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(args).flatMap(([key, value]) =>
      key.startsWith(prefix) ? [[key.slice(prefix.length), value] as const] : [],
    ),
  )
}
