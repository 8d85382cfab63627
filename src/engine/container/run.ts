import { existsSync, writeFileSync } from 'node:fs'
import {
  type ContainerContext,
  type ContainerImage,
  type ContainerOptions,
  type CreatedContainer,
  checkOptions,
  createContainer,
  type ForegroundOptions,
  findNetwork,
  getContainer,
  linkTo,
  type NetworkChoice,
  runContainer,
  runDetached as startDetached,
} from '#container'
import { defaultNetwork } from '#network/model'
import { StrakeError } from '#oci'
import { type ResourceOptions, supportedResources } from '#runtime'
import type { Engine } from '../engine.ts'
import { ensureUnpacked } from '../image/ensure-unpacked.ts'
import { type FindOrPullOptions, findOrPull } from '../pull/find-or-pull.ts'
import { requireRoot } from '../require-root.ts'
import { refuseEmpty } from '../volume/refuse-empty.ts'
import { containerContext } from './container-context.ts'
import { type ContainerEnd, describeEnd } from './end.ts'
import type { LaunchedMonitor } from './launch.ts'

/** The options of `strake run` and `create`: an image by name, and all options of a container. */
export interface RunOptions extends Omit<ContainerOptions, 'image' | 'runtime'>, FindOrPullOptions {
  /** The name or path of an OCI runtime. Default: the runtime of the machine. */
  readonly runtime?: string | undefined
  /** A file that is created with the container ID as its content. It must not exist. */
  readonly containerIdFile?: string | undefined
  /** Mount the socket of the API, by which the container controls this store. */
  readonly usesApiSocket?: boolean | undefined
  /**
   * A monitor from `launch`, which saves its starting time. It is used, or ended if no
   * container is made.
   */
  readonly launched?: LaunchedMonitor | undefined
}

export interface ForegroundRunOptions
  extends RunOptions,
    Pick<ForegroundOptions, 'consoleSize' | 'detachKeys' | 'onSignals' | 'stdin' | 'streams'> {
  /** Called as soon as there is a container. */
  readonly onCreated?: ((container: CreatedContainer) => void) | undefined
}

/**
 * Makes a container, starts it and stays attached until it ends. Default streams: the
 * descriptors of this process.
 */
export async function run(engine: Engine, options: ForegroundRunOptions): Promise<ContainerEnd> {
  const { consoleSize, detachKeys, onSignals, stdin, streams, signal, launched } = options
  const { context, request } = await prepare(engine, options)
  const end = await runContainer(context, request, {
    consoleSize,
    detachKeys,
    onSignals,
    stdin,
    streams,
    signal,
    launched,
    onCreated: (container) => {
      const { containerIdFile } = options
      if (containerIdFile !== undefined) writeFileSync(containerIdFile, container.id)
      options.onCreated?.(container)
    },
  })
  return describeEnd(end)
}

/** Makes a container and starts it in the background. */
export async function runDetached(engine: Engine, options: RunOptions): Promise<CreatedContainer> {
  const { launched, signal } = options
  const { context, request } = await prepare(engine, options)
  const created = await startDetached(context, request, { launched, signal })
  await writeContainerId(options, created)
  return created
}

/** Prepares the options of a container. Ends the launched monitor if that fails. */
async function prepare(
  engine: Engine,
  options: RunOptions,
): Promise<{ readonly context: ContainerContext; readonly request: ContainerOptions }> {
  try {
    const context = await containerContext(engine)
    const runtime = await findOwnRuntime(engine, context, options.runtime)
    const request = await containerOptions(engine, options, `run ${options.image}`)
    return { context, request: { ...request, runtime } }
  } catch (error) {
    await options.launched?.monitor.abandon()
    throw error
  }
}

/** Returns the runtime that only this container has; `undefined` for that of the machine. Throws `UNSUPPORTED`. */
async function findOwnRuntime(
  engine: Engine,
  { runtime: usual }: ContainerContext,
  wanted: string | undefined,
): Promise<ContainerOptions['runtime']> {
  if (wanted === undefined || wanted === usual.name || wanted === usual.path) return undefined
  const { findRuntime } = await import('../host/find-runtime.ts')
  const { runtime } = await findRuntime(engine, wanted)
  const { name, path, version, root } = runtime
  return { name, path, version, root }
}

/** Makes a container without starting it. */
export async function create(engine: Engine, options: RunOptions): Promise<CreatedContainer> {
  const context = await containerContext(engine)
  const runtime = await findOwnRuntime(engine, context, options.runtime)
  const purpose = `create a container of ${options.image}`
  const request = { ...(await containerOptions(engine, options, purpose)), runtime }
  const created = await createContainer(context, request)
  await writeContainerId(options, created)
  return created
}

async function writeContainerId(
  { containerIdFile }: RunOptions,
  { id }: CreatedContainer,
): Promise<void> {
  if (containerIdFile === undefined) return
  const { writeTextFile } = await import('../archive/output-file.ts')
  await writeTextFile(containerIdFile, id)
}

/** Warns of privileges and mounted control sockets, with which a container can become root on this machine. */
async function warnOfPower(
  { run }: Engine,
  { mounts = [], security, emit }: RunOptions,
): Promise<void> {
  const warn = (cause: string) =>
    emit?.({
      type: 'warning',
      message: `${cause}: a process in the container can become root on this machine`,
    })
  if (security?.privileged === true) warn('the container is privileged')
  const binds = mounts.filter(({ type }) => type === 'bind')
  if (emit === undefined || binds.length === 0) return
  const { apiSocket, controlSocketsIn } = await import('./control-sockets.ts')
  const found = binds.flatMap(({ source }) => controlSocketsIn(source ?? '/', [apiSocket(run)]))
  for (const path of new Set(found)) warn(`${path} is mounted`)
}

/** Leaves out, with a warning, the limits that this machine cannot set. */
function usableLimits({ resources, emit }: RunOptions): ResourceOptions | undefined {
  if (resources === undefined) return undefined
  const usable = supportedResources(resources)
  for (const message of usable.warnings) emit?.({ type: 'warning', message })
  return usable.resources
}

/** Warns, in Docker's words, of published ports that have no effect. */
function warnOfUnusedPorts({ network, ports = [], emit }: RunOptions): void {
  if (network !== 'host' || ports.length === 0) return
  const message = 'Published ports are discarded when using host network mode'
  emit?.({ type: 'warning', message })
}

/** Finds or pulls the image and makes its file system ready. `purpose` is for the message of an error. */
async function containerOptions(
  engine: Engine,
  given: RunOptions,
  purpose: string,
): Promise<ContainerOptions> {
  const options = given.usesApiSocket ? await withApiSocket(engine, given) : given
  const {
    image: reference,
    pull: _pull,
    platform,
    runtime: _runtime,
    containerIdFile,
    usesApiSocket: _usesApiSocket,
    launched: _launched,
    emit,
    signal,
    ...rest
  } = options
  requireRoot(purpose)
  // Checked before a pull, which may take minutes.
  checkOptions(rest)
  for (const mount of rest.mounts ?? []) refuseEmpty(engine, mount)
  const networks = rest.networks?.map((choice) => withFullName(engine, choice))
  const joined = joinOthers(engine, rest)
  refuseUsedIdFile(containerIdFile)
  await warnOfPower(engine, options)
  warnOfUnusedPorts(options)
  const resources = usableLimits(options)
  const found = await findOrPull(engine, options)
  const image = await engine.openImage(found.image)
  const chainId = await ensureUnpacked(engine, image, { emit, signal })
  const containerImage: ContainerImage = {
    reference,
    digest: image.descriptor.digest,
    id: image.imageId,
    chainId,
    config: image.config.config ?? {},
  }
  return {
    ...rest,
    ...joined,
    networks,
    resources,
    image: containerImage,
    mounts: await allMounts(engine, options),
  }
}

async function withApiSocket({ run }: Engine, options: RunOptions): Promise<RunOptions> {
  const { mountApiSocket } = await import('./control-sockets.ts')
  return { ...options, mounts: [...(options.mounts ?? []), mountApiSocket(run)] }
}

/** Resolves the images that are mounted, and adds the mounts of other containers. */
async function allMounts(
  engine: Engine,
  { mounts = [], volumesFrom = [], emit, signal }: RunOptions,
): Promise<ContainerOptions['mounts']> {
  const needsMore =
    volumesFrom.length > 0 || mounts.some(({ type, relabel }) => type === 'image' || relabel)
  if (!needsMore) return mounts
  const { resolveMountRequests } = await import('../volume/mount-requests.ts')
  return await resolveMountRequests(engine, {
    mounts,
    volumesFrom,
    context: () => containerContext(engine),
    emit,
    signal,
  })
}

/** Replaces an ID by the network's name. Throws `NOT_FOUND`. */
function withFullName(engine: Engine, choice: NetworkChoice): NetworkChoice {
  const links = choice.links?.map((link) => linkTo(engine, link))
  if (choice.name === defaultNetwork) return { ...choice, links }
  return { ...choice, links, name: findNetwork(engine, choice.name).name }
}

type Joining = Pick<ContainerOptions, 'networkOf' | 'pidOf' | 'ipcOf' | 'hostname'>

/** Replaces names of joined containers by their IDs, and takes over the host name. Throws `NOT_FOUND`. */
function joinOthers(engine: Engine, { networkOf, hostname, ...names }: Joining): Joining {
  const idOf = (name: string | undefined): string | undefined =>
    name === undefined ? undefined : getContainer(engine, name).id
  const joined = { pidOf: idOf(names.pidOf), ipcOf: idOf(names.ipcOf) }
  if (networkOf === undefined) return { ...joined, hostname }
  const other = getContainer(engine, networkOf)
  if (hostname) {
    const reason = `the network is that of container ${other.name}`
    throw new StrakeError('INVALID', `Cannot use --hostname ${hostname}: ${reason}`)
  }
  return { ...joined, networkOf: other.id, hostname: other.settings.hostname }
}

/** Refuses a file that exists: it may hold the ID of another container. */
function refuseUsedIdFile(file: string | undefined): void {
  if (file === undefined || !existsSync(file)) return
  throw new StrakeError('ALREADY_EXISTS', `Cannot use --cidfile ${file}: the file exists`, {
    remedy: `remove ${file} when its container is gone, or name another file`,
  })
}
