import { mkdir, realpath } from 'node:fs/promises'
import { type Dockerfile, parse } from '#dockerfile'
import { normalizePlatform, StrakeError } from '#oci'
import { hostPlatform } from '#platform'
import { type ContextPlaces, type ContextRoot, openContextRoot } from './contexts/context-root.ts'
import {
  type BuildDefinition,
  type KnownValues,
  readDefinition,
  readReceivedText,
} from './contexts/definition.ts'
import {
  type FetchedDockerfile,
  fetchDockerfile,
  type RemoteOptions,
} from './contexts/remote-context.ts'
import { mainContext } from './model/graph.ts'
import type { HttpMaterial } from './model/provenance.ts'
import type { BuildOptions } from './options.ts'
import { allowDirectory } from './source/allowed.ts'
import { type HttpServices, httpServices, offlineServices } from './source/services.ts'
import { openBuildDirectory, Scratch } from './step/abandoned.ts'
import { platformArgs } from './variables/scope.ts'

/** The context of a build, its Dockerfile, and the access to other machines. */
export interface OpenDefinition extends BuildDefinition {
  /** The parsed text. It may have mistakes. */
  readonly dockerfile: Dockerfile
  readonly contextRoot: ContextRoot
  readonly remote: Omit<RemoteOptions, 'directory'>
  /** The Dockerfile of a URL. Absent for one of the context or of this machine. */
  readonly fetched?: HttpMaterial | undefined
}

/** The services of downloads. An offline build has none. */
export function httpOf({ services, offline }: BuildOptions): HttpServices {
  const http = { ...httpServices(), ...services.http }
  return offline === true ? offlineServices(http) : http
}

/** Finds or fetches the context and the Dockerfile. */
export async function openDefinition(
  options: BuildOptions,
  places: ContextPlaces,
): Promise<OpenDefinition> {
  const remote = remoteOptions(options)
  const contextRoot = await openContextRoot(options.context, places, remote)
  const isOfUser = contextRoot.kind === 'directory' || contextRoot.kind === 'received'
  if (isOfUser) allowDirectory(mainContext, options.sourcePolicy)
  const chosen = await chooseDockerfile(options, contextRoot, remote)
  const fetched = typeof chosen === 'object' && 'material' in chosen ? chosen.material : undefined
  const definition = await readDefinition(contextRoot, chosen, {
    ...knownValues(options),
    ignoreText: options.ignoreText,
  })
  const check = options.buildArgs?.['BUILDKIT_DOCKERFILE_CHECK']
  const dockerfile = parse(definition.source.text, { check })
  return { ...definition, dockerfile, contextRoot, remote, fetched }
}

/** Reads a text file of a context of another machine; `undefined` when it has no such file. */
export async function readRemoteText(
  options: BuildOptions,
  name: string,
): Promise<string | undefined> {
  return await withPlaces(options.services, async (places) => {
    const { path } = await openContextRoot(options.context, places, remoteOptions(options))
    return await readReceivedText(path, name)
  })
}

/** The access of a build to other machines. */
function remoteOptions(options: BuildOptions): Omit<RemoteOptions, 'directory'> {
  const { signal = new AbortController().signal } = options
  return {
    access: {
      downloads: options.downloads ?? 'any',
      secrets: options.secrets ?? new Map(),
      agents: options.agents ?? new Map(),
      userinfo: new Map(),
      http: httpOf(options),
      lock: options.lock,
      isOffline: options.offline === true,
    },
    keepGitDir: options.buildArgs?.['BUILDKIT_CONTEXT_KEEP_GIT_DIR'],
    sourcePolicy: options.sourcePolicy,
    signal,
  }
}

/** A build for several platforms has several values of the arguments of the target platform. */
function knownValues({
  buildArgs = {},
  platforms = [],
}: Pick<BuildOptions, 'buildArgs' | 'platforms'>): KnownValues {
  const build = hostPlatform()
  const [target = build] = platforms
  const all = platformArgs({ build, target: normalizePlatform(target) }, '')
  const isKnown = (name: string): boolean =>
    name.startsWith('BUILD') || (platforms.length < 2 && name !== 'TARGETSTAGE')
  const builderArgs = Object.fromEntries([...all].filter(([name]) => isKnown(name)))
  return { buildArgs, builderArgs }
}

/** Downloads the Dockerfile from a URL. The URL of the context may also be that of a Dockerfile. */
async function chooseDockerfile(
  { dockerfile }: BuildOptions,
  context: ContextRoot,
  remote: OpenDefinition['remote'],
): Promise<BuildOptions['dockerfile'] | FetchedDockerfile> {
  if (context.dockerfile !== undefined && dockerfile !== undefined) {
    const reason = 'it is a Dockerfile, and another Dockerfile is given'
    throw new StrakeError('INVALID', `Cannot build from ${context.project}: ${reason}`)
  }
  const isRemote = typeof dockerfile === 'string' && /^https?:\/\//i.test(dockerfile)
  if (isRemote) return await fetchDockerfile(dockerfile, remote)
  return context.dockerfile ?? dockerfile
}

/** Makes the directories of a build, and removes them at the end of `work`. */
export async function withPlaces<T>(
  { run, scratch: parent }: Pick<BuildOptions['services'], 'run' | 'scratch'>,
  work: (places: ContextPlaces) => Promise<T>,
): Promise<T> {
  await mkdir(run, { recursive: true, mode: 0o700 })
  await using directory = await openBuildDirectory(run)
  await using scratch = new Scratch(parent)
  return await work({ directory: directory.path, scratch: () => scratch.path() })
}

/** Returns the Dockerfile of a directory as a build reads it: without extensions. */
export async function printDefinition(
  options: Pick<BuildOptions, 'buildArgs' | 'dockerfile' | 'platforms'> & {
    readonly context: string
  },
): Promise<string> {
  const context = { path: await realpath(options.context), kind: 'directory' as const }
  const { source } = await readDefinition(context, options.dockerfile, knownValues(options))
  return source.text
}
