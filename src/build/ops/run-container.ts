import { mkdir, stat } from 'node:fs/promises'
import { StrakeError } from '#oci'
import { makeDirectoriesWithMode, writeFileWithMode } from '#platform'
import {
  checkCommand,
  createBundleConfig,
  loadUsualProfile,
  type OutputTarget,
  prepareRoot,
  type RootMount,
  releaseMounts,
  removeMountPoints,
  resolveUser,
  runProcess,
  useCompiledFilter,
  writeBundle,
} from '#runtime'
import type { ActiveSnapshot } from '#snapshot'
import type { DeviceEdits } from '../model/devices.ts'
import type { RunOp } from '../model/graph.ts'
import type { HttpMaterial } from '../model/provenance.ts'
import type { FileState } from '../model/state.ts'
import { type OpenMounts, openMounts } from '../mounts/open-mounts.ts'
import { offline } from '../source/refusal.ts'
import { nestedMounts, stepName } from '../step/abandoned.ts'
import type { StepContext, StepNetwork } from '../step/workspace.ts'
import { stepEpoch } from '../times/times.ts'
import { openProxyFiles } from './proxy-files.ts'
import { type DownloadRecord, recordDownloads } from './record-downloads.ts'

interface Files {
  /** The snapshot that the command changes. */
  readonly active: ActiveSnapshot
  readonly inputs: readonly FileState[]
}

/** The container of a RUN: its root, network, mounts and devices. Disposing it releases them. */
export interface StepContainer extends AsyncDisposable {
  /** Runs one process to its end, and returns its exit code. Throws `StartError`. */
  run(process: StepProcess): Promise<number>
  /** Removes the mount points that the container needed and the step did not make. */
  removeMountPoints(): void
  /** What its processes downloaded through the proxy. Throws `DENIED` if it is not what the lock has. */
  downloads(): readonly HttpMaterial[]
}

export interface StepProcess {
  readonly argv: readonly string[]
  /** The terminal of this process, or the targets of the output of a process without input. */
  readonly streams: 'terminal' | { readonly stdout: OutputTarget; readonly stderr: OutputTarget }
  /** Kills the process. */
  readonly signal?: AbortSignal | undefined
  /** Called when the process is starting. */
  readonly onStarting?: (() => void) | undefined
}

/** Opens the container of a RUN. */
export async function openStepContainer(
  op: RunOp,
  { active, inputs }: Files,
  context: StepContext,
): Promise<StepContainer> {
  await using stack = new AsyncDisposableStack()
  const id = stepName()
  const directory = `${context.places.directory}/${id}`
  await mkdir(directory, { mode: 0o700 })
  const record = recordDownloads(context)
  const network = stack.use(await attach(op, { id, directory, record }, context))
  const proxied = openProxyFiles(network, directory)
  const opened = stack.use(await openMounts(op, inputs, { context, directory }))
  const devices = await findDevices(op, context)
  const mounts = [
    ...(await writeMounts(op, network, directory)),
    ...devices.mounts,
    ...proxied.mounts,
    ...opened.mounts,
  ]
  const nested = nestedMounts(directory)
  stack.defer(() => releaseMounts(nested))
  const prepared = stack.use(prepareRoot(active.root, { mounts, cwd: op.cwd, nested }))
  const runtime = await context.services.runtime()
  const more = [...devices.env, ...opened.env, ...proxied.env]
  const env = environment(op, more, { opened, context })
  const user = resolveUser(prepared.view, op.user)
  const { filters } = context.services
  const taken = stack.move()
  return {
    async run({ argv, streams, signal, onStarting }) {
      const isTerminal = streams === 'terminal'
      const process = {
        args: argv,
        env: isTerminal ? ['TERM=xterm', ...env] : env,
        cwd: prepared.cwd,
        user,
        terminal: isTerminal,
      }
      checkCommand(prepared.view, process)
      const security = { privileged: op.security === 'insecure', devices: devices.nodes }
      await loadUsualProfile(security)
      const config = createBundleConfig({
        id,
        root: active.root,
        ...process,
        hostname: hostnameOf(op),
        security,
        rlimits: op.settings?.rlimits,
        shmSize: op.settings?.shmSize,
        ...context.facts.runLimits,
        network: networkNamespace(op, network),
        mounts: prepared.mounts,
      })
      writeBundle(
        directory,
        filters === undefined ? config : useCompiledFilter(config, { runtime, directory: filters }),
      )
      const running = runProcess(runtime, {
        id,
        bundle: directory,
        ...(isTerminal
          ? { stdin: 'inherit' as const, stdout: 'inherit' as const, stderr: 'inherit' as const }
          : streams),
        signal,
      })
      onStarting?.()
      return (await running).code
    },
    downloads: record.finish,
    removeMountPoints: () => removeMountPoints(active.root, prepared.mountPoints),
    [Symbol.asyncDispose]: () => taken.disposeAsync(),
  }
}

/** The default is BuildKit's name. */
function hostnameOf({ hostname }: RunOp): string {
  return hostname ?? 'buildkitsandbox'
}

/** Without a provider a step has no network. */
async function attach(
  op: RunOp,
  {
    id,
    directory,
    record,
  }: { readonly id: string; readonly directory: string; readonly record: DownloadRecord },
  { services, facts }: StepContext,
): Promise<StepNetwork & AsyncDisposable> {
  const { network } = services
  const hostname = hostnameOf(op)
  if (facts.isOffline && op.network === 'host') throw offline('the network of the host')
  const mode = facts.isOffline ? 'none' : op.network
  if (network !== undefined)
    return network({
      mode,
      directory,
      exchange: record.exchange,
      stepId: id,
      hostname,
      hosts: op.settings?.hosts,
    })
  const extra = (op.settings?.hosts ?? []).map(({ name, ip }) => `${ip}\t${name}\n`)
  const hosts = `127.0.0.1\tlocalhost ${hostname}\n::1\tlocalhost\n${extra.join('')}`
  return { resolvConf: '', hosts, async [Symbol.asyncDispose]() {} }
}

function networkNamespace(
  op: RunOp,
  network: StepNetwork,
): 'none' | 'host' | { readonly path: string } {
  if (network.netnsPath !== undefined) return { path: network.netnsPath }
  return op.network === 'host' ? 'host' : 'none'
}

/** The directory of the script of a `#!` heredoc, in the tmpfs of `/dev`. */
const scriptDirectory = '/dev/pipes'

async function writeMounts(
  op: RunOp,
  network: StepNetwork,
  directory: string,
): Promise<RootMount[]> {
  writeFileWithMode(`${directory}/resolv.conf`, network.resolvConf, 0o644)
  writeFileWithMode(`${directory}/hosts`, network.hosts, 0o644)
  const mounts: RootMount[] = [
    bind(`${directory}/resolv.conf`, '/etc/resolv.conf', 'file'),
    bind(`${directory}/hosts`, '/etc/hosts', 'file'),
  ]
  if (op.script !== undefined) {
    const scripts = `${directory}/pipes`
    const file = `${scripts}/${op.script.path.slice(scriptDirectory.length + 1)}`
    makeDirectoriesWithMode(scripts, 0o755)
    writeFileWithMode(file, op.script.content, 0o755)
    mounts.push({ ...bind(scripts, scriptDirectory, 'directory'), readOnly: true })
  }
  return mounts
}

function bind(source: string, destination: string, point: RootMount['point']): RootMount {
  return { type: 'bind', source, destination, point }
}

/** The variables of the Dockerfile, the proxies and the epoch, and none of this process. */
function environment(
  op: RunOp,
  more: readonly string[],
  { opened, context }: { readonly opened: OpenMounts; readonly context: StepContext },
): string[] {
  const epoch = stepEpoch(context.facts.times, context.vertex)
  const added = epoch === undefined ? [] : [`SOURCE_DATE_EPOCH=${epoch}`]
  // A variable keeps its first position and gets its last value.
  const before = [...context.facts.proxies, ...added, ...opened.usualEnv]
  const lines = [...before, ...op.env, ...more]
  return [...new Map(lines.map((line) => [line.slice(0, line.indexOf('=')), line])).values()]
}

/** The devices of a RUN. Throws `NOT_FOUND` for a required one that this machine lacks. */
async function findDevices(
  { devices = [] }: RunOp,
  { services, emit }: StepContext,
): Promise<Omit<DeviceEdits, 'mounts'> & { readonly mounts: readonly RootMount[] }> {
  const found: DeviceEdits[] = []
  for (const { name, isRequired } of devices) {
    const edits = await services.devices?.(name)
    if (edits !== undefined) found.push(edits)
    else if (isRequired) {
      throw new StrakeError('NOT_FOUND', `Cannot use device ${name}: this machine has none`, {
        remedy: 'describe it in a CDI specification in /etc/cdi',
      })
    } else emit({ type: 'warning', message: `RUN has no device ${name}: this machine has none` })
  }
  const mounts = await Promise.all(
    found
      .flatMap((each) => each.mounts)
      .map(async ({ source, destination, readOnly }): Promise<RootMount> => {
        const status = await stat(source).catch((cause: unknown) => {
          throw new StrakeError('NOT_FOUND', `Cannot use a device: there is no ${source}`, {
            cause,
          })
        })
        const point = status.isDirectory() ? 'directory' : 'file'
        return { ...bind(source, destination, point), readOnly }
      }),
  )
  return {
    nodes: found.flatMap(({ nodes }) => nodes),
    env: found.flatMap(({ env }) => env),
    mounts,
  }
}
