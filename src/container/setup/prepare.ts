import { rmSync } from 'node:fs'
import type { Attachment } from '#network'
import type { WindowSize } from '#platform'
import {
  type BundleOptions,
  checkCommand,
  createBundleConfig,
  findInit,
  initDestination,
  loadUsualProfile,
  type NetworkNamespace,
  type PreparedRoot,
  prepareRoot,
  releaseMounts,
  resolveUser,
  useCompiledFilter,
  writeBundle,
} from '#runtime'
import type { ContainerSnapshot } from '#snapshot'
import { releaseVolumes } from '#volume'
import { requireJournal } from '../logs/journal.ts'
import {
  type ContainerContext,
  type ContainerPaths,
  containerPaths,
  type FoundDevice,
} from '../model/context.ts'
import type { Container } from '../model/record.ts'
import { makeReserve } from '../model/reserve.ts'
import { type ContainerSettings, mergeEnv, networksOf } from '../model/settings.ts'
import { createdState, type NetworkState, writeJson, writeState } from '../model/state.ts'
import { runtimeOf } from '../process/runtime-of.ts'
import { makeBaseLayer } from './base-layer.ts'
import { shareEtcFiles, writeEtcFiles } from './etc-files.ts'
import { deviceMounts, findDevices } from './find-devices.ts'
import {
  type JoinedContainer,
  type JoinedMemory,
  joinIpcOf,
  joinNetworkOf,
  joinPidsOf,
  prepareMemory,
} from './join-container.ts'
import { requestNetwork } from './join-networks.ts'
import { findLinked, type LinkedContainer, linkVariables } from './links.ts'
import { monitorOrder } from './monitor-order.ts'
import { MountedImages } from './mounted-images.ts'
import {
  fillVolumes,
  type ResolvedMount,
  type ResolveMountsOptions,
  resolveMounts,
} from './volumes.ts'

export interface PrepareOptions {
  readonly consoleSize?: WindowSize | undefined
  /** So many clients will connect before the container starts. */
  readonly awaitClients?: number | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Makes everything that a container needs to run: root file system, network, files and
 * configuration. Undoes the earlier steps if a step fails.
 */
export async function prepareContainer(
  context: ContainerContext,
  container: Container,
  options: PrepareOptions = {},
): Promise<void> {
  const { id, settings } = container
  const paths = containerPaths(context, id)
  if (settings.log.driver === 'journald') requireJournal(container.name)
  const overlays = [makeBaseLayer(context)]
  const others = findOthers(context, container)
  const devices = await findDevices(context, container)
  await using undo = new AsyncDisposableStack()
  const snapshot = undo.use(
    await context.snapshots.container(settings.image.chainId, paths.directory, {
      overlays,
      volatile: settings.remove,
    }),
  )
  const attachment = undo.use(await attach(context, container, options.signal))
  undo.defer(() => releaseVolumes(context, { container: id }))
  undo.defer(() => releaseMounts(paths.mounts))
  undo.defer(() => releaseMounts(paths.memory))
  const memory = prepareMemory(context, container, others.memory)
  // They are mounted again for the container before they are unmounted here.
  await using images = new MountedImages(context.snapshots)
  const mountImage = images.mount.bind(images)
  const { signal } = options
  const places = { snapshot, attachment, paths, others, devices, signal, mountImage }
  const { mounts, visible } = await makeMounts(context, container, places)
  const cwd = container.settings.workingDir
  using prepared = prepareRoot(snapshot.root, { mounts, cwd, nested: paths.mounts })
  const parts = { root: snapshot.root, attachment, others, memory, devices, prepared, options }
  const bundle = bundleOptions(container, parts)
  const { entrypoint, command } = container.settings
  checkCommand(prepared.view, { ...bundle, args: [...entrypoint, ...command] })
  await loadUsualProfile(container.settings.security)
  const config = createBundleConfig(bundle)
  // Written first, because a bundle without a state counts as damage.
  const network = networkState(attachment)
  rmSync(paths.networks, { force: true })
  rmSync(paths.holds, { recursive: true, force: true })
  writeState(paths.state, { ...createdState, network, root: snapshot.root })
  const runtime = runtimeOf(context, container)
  const filters = { runtime, directory: `${context.root}/seccomp` }
  const used = useCompiledFilter(config, filters)
  writeBundle(paths.directory, used)
  const keepsFilter = runtime.name === 'crun' && used.linux.seccomp !== undefined
  const order = { attachment, overlays, mounts, keepsFilter, ...options }
  writeJson(paths.order, monitorOrder(context, container, order))
  makeReserve(paths.reserve)
  writeJson(`${paths.directory}/mounts.json`, { mounts: visible })
  undo.move()
}

/** Containers that a container needs while it starts: those that it joins, and those it is linked to. */
interface Others {
  readonly network: JoinedContainer | undefined
  /** The file of a PID namespace. */
  readonly pids: string | undefined
  readonly memory: JoinedMemory | undefined
  readonly linked: readonly LinkedContainer[]
}

function findOthers(context: ContainerContext, container: Container): Others {
  const { networkOf, pidOf, ipcOf } = container.settings
  return {
    network: networkOf === undefined ? undefined : joinNetworkOf(context, container, networkOf),
    pids: pidOf === undefined ? undefined : joinPidsOf(context, container, pidOf),
    memory: ipcOf === undefined ? undefined : joinIpcOf(context, container, ipcOf),
    linked: findLinked(context, container),
  }
}

async function attach(
  context: ContainerContext,
  { id, name, settings }: Container,
  signal: AbortSignal | undefined,
): Promise<Attachment> {
  const requests = networksOf(settings).map((choice) => requestNetwork(context, id, choice, signal))
  return await context.networks.attach({
    containerId: id,
    kind: settings.network,
    name,
    ports: settings.ports,
    networks: requests,
    signal,
  })
}

interface Places {
  readonly snapshot: ContainerSnapshot
  readonly attachment: Attachment
  readonly paths: ContainerPaths
  readonly others: Others
  readonly devices: FoundDevice
  readonly signal: AbortSignal | undefined
  readonly mountImage: ResolveMountsOptions['mountImage']
}

async function makeMounts(
  store: ContainerContext,
  { id, settings }: Container,
  { snapshot, attachment, paths, others, devices, signal, mountImage }: Places,
): Promise<{
  readonly mounts: readonly ResolvedMount[]
  /** The mounts that the user requested; `inspect` shows them. */
  readonly visible: readonly ResolvedMount[]
}> {
  const { mounts: requests } = settings
  const users = await resolveMounts({
    containerId: id,
    store,
    user: { container: id },
    requests,
    mountImage,
  })
  await fillVolumes(snapshot.root, users, { requests: settings.mounts, signal })
  const etc =
    others.network === undefined
      ? writeEtcFiles(paths, settings, { attachment, linked: others.linked })
      : shareEtcFiles(others.network.directory, settings)
  const own = [...etc, ...initMount(settings), ...deviceMounts(devices)]
  return { mounts: [...own, ...users], visible: users }
}

function initMount(settings: ContainerSettings): readonly ResolvedMount[] {
  if (!settings.init) return []
  const place = { type: 'bind', source: findInit(), destination: initDestination } as const
  return [{ ...place, readOnly: true, kind: 'bind', anonymous: false, point: 'file' }]
}

interface BundleParts {
  readonly root: string
  readonly attachment: Attachment
  readonly others: Others
  /** The memory at `/dev/shm`; absent if the container has a new one of its own. */
  readonly memory: string | undefined
  readonly devices: FoundDevice
  readonly prepared: PreparedRoot
  readonly options: PrepareOptions
}

function bundleOptions(
  { id, name, settings }: Container,
  { root, attachment, others, memory, devices, prepared, options }: BundleParts,
): BundleOptions {
  const user = resolveUser(prepared.view, settings.user, { groupAdd: settings.groupAdd })
  const args = [...settings.entrypoint, ...settings.command]
  return {
    id,
    root,
    readOnlyRoot: settings.readOnly,
    args: settings.init ? [initDestination, '--', ...args] : args,
    env: mergeEnv(
      [`HOME=${user.home}`],
      linkVariables(name, others.linked),
      settings.env,
      devices.env,
    ),
    cwd: prepared.cwd,
    user,
    terminal: settings.tty,
    consoleSize: options.consoleSize,
    ...(settings.rlimits.length === 0 ? {} : { rlimits: settings.rlimits }),
    oomScoreAdj: settings.oomScoreAdj,
    security: withNodes(settings.security, devices),
    hooks: devices.hooks,
    ...(hasHostName(settings) ? {} : { hostname: settings.hostname }),
    domainname: settings.domainname,
    annotations: settings.annotations,
    network: others.network ?? namespaceOf(settings, attachment),
    pidNamespace: others.pids === undefined ? settings.pid : { path: others.pids },
    ipcNamespace: settings.ipc,
    ipcPath: others.memory?.path,
    sharedMemory: memory,
    utsNamespace: settings.uts,
    cgroupNamespace: settings.cgroupns,
    cgroupParent: settings.cgroupParent,
    mounts: prepared.mounts,
    shmSize: settings.shmSize,
    resources: settings.resources,
    sysctls: settings.sysctls,
  }
}

function withNodes(
  security: ContainerSettings['security'],
  { nodes }: FoundDevice,
): ContainerSettings['security'] {
  return nodes.length === 0
    ? security
    : { ...security, devices: [...(security.devices ?? []), ...nodes] }
}

function hasHostName({ network, uts }: ContainerSettings): boolean {
  return network === 'host' || uts === 'host'
}

function namespaceOf(settings: ContainerSettings, { netnsPath }: Attachment): NetworkNamespace {
  if (settings.network === 'host') return 'host'
  return netnsPath === undefined ? 'none' : { path: netnsPath }
}

function networkState({ netnsPath: namespace, networks, ports }: Attachment): NetworkState {
  return { namespace, networks, ports }
}
