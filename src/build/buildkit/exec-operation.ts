import type { Platform } from '#oci'
import type { RunOp, Vertex } from '../model/graph.ts'
import type { RunMount } from '../model/mounts.ts'
import { inlineFile, ownedDirectory } from './file-operation.ts'
import {
  absolute,
  mountSelector,
  type Operation,
  type OperationInput,
  operationDigest,
} from './operation.ts'

/** A mount in BuildKit's JSON, without its input, and what it shows. */
interface ExecMount {
  readonly dest: string
  readonly json: object
  readonly made?: Vertex | Operation | undefined
  /** The build context that has the files. */
  readonly context?: string | undefined
  /** The path of the input that is used. */
  readonly path?: string | undefined
}

const networks = { default: 0, host: 1, none: 2 } as const

const kinds = { secret: 1, ssh: 2, cache: 3, tmpfs: 4 } as const

/**
 * RUN. Returns `undefined` for what BuildKit does not have. */
export function execOperation(
  op: RunOp,
  { inputs }: Vertex,
  platform: Platform,
): Operation | undefined {
  const [root] = inputs
  if (root === undefined || op.network === 'proxy') return undefined
  const own = (op.mounts ?? []).map((mount) => describeMount(mount, inputs))
  if (own.includes(undefined)) return undefined
  const mounts = [rootMount(root), ...scriptMount(op), ...shmMount(op)]
    .concat(own.flatMap((mount) => mount ?? []))
    .sort((a, b) => rank(a) - rank(b) || (a.dest < b.dest ? -1 : 1))
  const { inputs: used, json } = withInputs(mounts)
  const { os, architecture, variant } = platform
  const isOnlyRoot = mounts.length === 1 && root.op.kind !== 'scratch'
  const digest = operationDigest({
    Type: 'buildkit.exec.v0',
    Exec: {
      meta: metaOf(op),
      ...(!isOnlyRoot && { mounts: json }),
      ...present('network', networks[op.network]),
      ...(op.security === 'insecure' && { security: 1 }),
      ...secretVariables(op),
      ...(op.devices && {
        cdiDevices: op.devices.map(({ name, isRequired }) => ({
          name,
          ...(!isRequired && { optional: true }),
        })),
      }),
    },
    OS: os,
    Arch: architecture,
    ...(variant !== undefined && { Variant: variant }),
  })
  return { digest, inputs: used }
}

/** Secrets and agents come after all other mounts, in their own order. */
function rank({ json }: ExecMount): number {
  const type = 'mountType' in json ? json.mountType : 0
  return type === kinds.secret ? 1 : type === kinds.ssh ? 2 : 0
}

function metaOf(op: RunOp): object {
  const agent = op.mounts?.find((mount) => mount.kind === 'ssh')
  const hasAgent = op.env.some((line) => line.startsWith('SSH_AUTH_SOCK='))
  const env =
    agent === undefined || hasAgent ? op.env : [...op.env, `SSH_AUTH_SOCK=${agent.target}`]
  return {
    args: op.argv,
    ...(env.length > 0 && { env }),
    cwd: op.cwd,
    ...(op.user !== '' && { user: op.user }),
    // The addresses of hosts do not count.
    ...(op.settings?.hosts && {
      extraHosts: op.settings.hosts.map(({ name }) => ({ Host: name })),
    }),
    ...(op.hostname !== undefined && { hostname: op.hostname }),
    ...(op.settings?.rlimits && { ulimit: op.settings.rlimits.map(limitOf) }),
    removeMountStubsRecursive: true,
  }
}

type Limit = NonNullable<NonNullable<RunOp['settings']>['rlimits']>[number]

function limitOf({ type, soft, hard }: Limit): object {
  const Name = type.replace(/^RLIMIT_/, '').toLowerCase()
  return { Name, ...present('Soft', soft), ...present('Hard', hard) }
}

function rootMount(root: Vertex): ExecMount {
  return { dest: '/', json: { dest: '/' }, made: root, path: '/' }
}

function scriptMount({ script }: RunOp): readonly ExecMount[] {
  if (script === undefined) return []
  const name = script.path.split('/').at(-1) ?? ''
  const json = { dest: '/dev/pipes/', output: -1, readonly: true }
  return [{ dest: json.dest, json, made: inlineFile(name, script.content, 0o755), path: '/' }]
}

function shmMount({ settings }: RunOp): readonly ExecMount[] {
  const size = settings?.shmSize
  if (size === undefined) return []
  const json = { dest: '/dev/shm', output: -1, mountType: kinds.tmpfs, TmpfsOpt: { size } }
  return [{ dest: json.dest, json }]
}

function describeMount(mount: RunMount, inputs: readonly Vertex[]): ExecMount | undefined {
  const { target } = mount
  switch (mount.kind) {
    case 'bind': {
      const made = inputs[mount.input]
      if (made === undefined) return undefined
      const json = { output: -1, ...(mount.readOnly && { readonly: true }) }
      const path = absolute(mount.source)
      const context = contextOf(made)
      return { dest: mount.target, json, path, ...(context === undefined ? { made } : { context }) }
    }
    case 'cache': {
      const from = mount.input === undefined ? undefined : inputs[mount.input]
      const isOwned = mount.uid !== 0 || mount.gid !== 0 || mount.mode !== 0o755
      const isOfContext = from !== undefined && contextOf(from) !== undefined
      if (isOfContext || (isOwned && from !== undefined)) return undefined
      const made = isOwned ? ownedDirectory(mount) : from
      const path = isOwned ? '/cache' : absolute(mount.source)
      // The ID of the build's own caches begins with a namespace.
      const name = mount.id.slice(mount.id.indexOf('/') + 1)
      const isUsual =
        (mount.id === mount.target || name === mount.target) && mount.sharing === 'shared'
      const json = {
        output: -1,
        ...(mount.readOnly && { readonly: true }),
        mountType: kinds.cache,
        // Which cache it is does not count, unless it has the usual name.
        cacheOpt: isUsual ? { ID: mount.id } : {},
      }
      return { dest: mount.target, json, made, path }
    }
    case 'tmpfs': {
      const size = mount.size === undefined ? {} : { size: mount.size }
      const json = { output: -1, mountType: kinds.tmpfs, TmpfsOpt: size }
      return { dest: mount.target, json }
    }
    default: {
      if (target === undefined) return { dest: '', json: {} }
      const { id: ID, uid, gid, mode, isRequired } = mount
      // An agent without a name is the default one.
      const isNamed = mount.kind === 'secret' || ID !== 'default'
      const options = {
        ...(isNamed && { ID }),
        ...present('uid', uid),
        ...present('gid', gid),
        ...present('mode', mode),
        ...(!isRequired && { optional: true }),
      }
      const member = mount.kind === 'secret' ? { secretOpt: options } : { SSHOpt: options }
      return { dest: target, json: { mountType: kinds[mount.kind], ...member } }
    }
  }
}

/** The files of a context are a copy of it in our graph, which BuildKit does not have. */
function contextOf({ name, op }: Vertex): string | undefined {
  const isInternal = name.startsWith('[internal]')
  return isInternal && op.kind === 'copy' && 'context' in op.from ? op.from.context : undefined
}

/** Adds the numbers of inputs to the mounts. Go leaves out a zero. */
function withInputs(mounts: readonly ExecMount[]): {
  readonly inputs: readonly OperationInput[]
  readonly json: readonly object[]
} {
  const used: { mount: ExecMount; paths: string[] }[] = []
  const json = mounts
    .filter(({ dest }) => dest !== '')
    .map((mount) => {
      const { dest, json: own, path = '/' } = mount
      const key = keyOf(mount)
      if (key === undefined) return { input: -1, dest, ...own }
      let at = used.findIndex((each) => keyOf(each.mount) === key)
      if (at < 0) at = used.push({ mount, paths: [] }) - 1
      used[at]?.paths.push(path)
      return { ...present('input', at), dest, ...own }
    })
  return { inputs: used.map(({ mount, paths }) => inputOf(mount, paths)), json }
}

/** What identifies an input. The empty file system is none. */
function keyOf({ made, context }: ExecMount): string | undefined {
  if (context !== undefined) return `context ${context}`
  return made === undefined || ('op' in made && made.op.kind === 'scratch')
    ? undefined
    : made.digest
}

/** The root of a mount stands for all of it, whatever else is used. */
function inputOf({ made, context }: ExecMount, paths: readonly string[]): OperationInput {
  if (context === undefined) return { made, selector: mountSelector(paths) }
  const shown = paths.includes('/') ? ['/'] : paths
  return { content: { context, paths: shown.map((path) => ({ path })) } }
}

function secretVariables({ mounts = [] }: RunOp): object {
  const found = mounts.flatMap((mount) =>
    mount.kind === 'secret' && mount.env !== undefined
      ? [{ ID: mount.id, name: mount.env, ...(!mount.isRequired && { optional: true }) }]
      : [],
  )
  return found.length === 0 ? {} : { secretenv: found }
}

/** Go leaves out a zero. */
function present(name: string, value: number): object {
  return value === 0 ? {} : { [name]: value }
}
