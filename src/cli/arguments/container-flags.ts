import { resolve } from 'node:path'
import { parseContainerRequest } from '#docker/flags/container-flags'
import { parseCgroupParent } from '#docker/flags/limits'
import { refuse } from '#docker/flags/refuse'
import type { RunOptions } from '#engine/container/run'
import { StrakeError } from '#oci'
import type { ContainerFlags } from './container-options.ts'
import { readEnvironment } from './environment.ts'
import { readLimits } from './limit-options.ts'
import { refuseSwitches } from './refused-options.ts'

/** Converts the parsed flags of `run` and `create` into options of the engine. */
export async function readContainerFlags(
  image: string,
  command: readonly string[],
  flags: ContainerFlags,
): Promise<RunOptions> {
  refuseSwitches(flags)
  const { security, ...parsed } = parseContainerRequest({
    networks: {
      networks: [...(flags.net ?? []), ...(flags.network ?? [])],
      aliases: [...(flags.netAlias ?? []), ...(flags.networkAlias ?? [])],
      ip: flags.ip,
      ip6: flags.ip6,
      linkLocalIps: flags.linkLocalIp,
      mac: flags.macAddress,
      links: flags.link,
    },
    volumes: flags.volume?.map(absolute),
    mounts: flags.mount?.map(absoluteSource),
    tmpfs: flags.tmpfs,
    volumesFrom: flags.volumesFrom,
    publish: flags.publish,
    expose: flags.expose,
    restart: flags.restart,
    ulimits: flags.ulimit,
    devices: flags.device,
    gpus: flags.gpus,
    securityOptions: flags.securityOpt,
    addHosts: flags.addHost,
    sysctls: flags.sysctl,
    labels: [...(await readLabelFiles(flags.labelFile)), ...(flags.label ?? [])],
    logOptions: flags.logOpt,
    logDriver: flags.logDriver,
    stopSignal: flags.stopSignal,
    health: {
      command: flags.healthCmd,
      interval: flags.healthInterval,
      timeout: flags.healthTimeout,
      startPeriod: flags.healthStartPeriod,
      startInterval: flags.healthStartInterval,
      retries: flags.healthRetries,
      none: !flags.healthcheck,
    },
  })
  return {
    ...parsed,
    image,
    command,
    env: await readEnvironment(flags.env, flags.envFile),
    pull: flags.pull,
    security: {
      ...security,
      rules: flags.deviceCgroupRule,
      add: flags.capAdd,
      drop: flags.capDrop,
      privileged: flags.privileged,
    },
    resources: await readLimits(flags),
    name: flags.name,
    hostname: flags.hostname,
    entrypoint: flags.entrypoint === undefined ? undefined : words(flags.entrypoint),
    workingDir: flags.workdir,
    user: flags.user,
    groupAdd: flags.groupAdd,
    tty: flags.tty,
    interactive: flags.interactive,
    remove: flags.rm,
    stopTimeout: flags.stopTimeout,
    init: flags.init,
    readOnly: flags.readOnly,
    shmSize: flags.shmSize,
    publishAll: flags.publishAll,
    dns: flags.dns,
    dnsSearch: flags.dnsSearch,
    dnsOptions: flags.dnsOption,
    healthAction: flags.healthOnFailure,
    oomScoreAdj: flags.oomScoreAdj,
    ...parsePidMode(flags.pid),
    ...parseIpcMode(flags.ipc),
    uts: flags.uts,
    cgroupns: flags.cgroupns,
    cgroupParent:
      flags.cgroupParent === undefined ? undefined : parseCgroupParent(flags.cgroupParent),
    domainname: flags.domainname,
    runtime: flags.runtime === 'io.containerd.runc.v2' ? 'runc' : flags.runtime,
    annotations: readAnnotations(flags.annotation),
    attached: flags.attach ?? [
      'stdout',
      'stderr',
      ...(flags.interactive ? ['stdin' as const] : []),
    ],
    platform: flags.platform,
    containerIdFile: flags.cidfile,
    usesApiSocket: flags.useApiSocket,
  }
}

function parsePidMode(text: string | undefined): Pick<RunOptions, 'pid' | 'pidOf'> {
  if (text === undefined || text === 'private') return {}
  if (text === 'host') return { pid: 'host' }
  const [, name] = /^container:(.+)$/s.exec(text) ?? []
  if (name === undefined) throw refuse('--pid', text, 'expected private, host or container:NAME')
  return { pidOf: name }
}

const ipcModes = ['private', 'shareable', 'none', 'host'] as const

function parseIpcMode(text: string | undefined): Pick<RunOptions, 'ipc' | 'ipcOf'> {
  if (text === undefined) return {}
  const ipc = ipcModes.find((mode) => mode === text)
  if (ipc !== undefined) return { ipc }
  const [, ipcOf] = /^container:(.+)$/s.exec(text) ?? []
  if (ipcOf !== undefined) return { ipcOf }
  throw refuse('--ipc', text, `expected ${ipcModes.join(', ')} or container:NAME`)
}

/** Makes a relative source absolute. A source without `./` is the name of a volume, as in Docker. */
function absolute(volume: string): string {
  const [source = '', ...rest] = volume.split(':')
  return /^\.{1,2}(\/|$)/.test(source) && rest.length > 0
    ? [resolve(source), ...rest].join(':')
    : volume
}

/** Makes the relative source of a `--mount` absolute when it begins with a dot. */
function absoluteSource(mount: string): string {
  return mount.replace(/(^|,)(source|src)=(\.[^,]*)/i, (_, comma, key, source) => {
    return `${comma}${key}=${resolve(source)}`
  })
}

function readAnnotations(
  words: readonly string[] | undefined,
): Readonly<Record<string, string>> | undefined {
  if (words === undefined) return undefined
  return Object.fromEntries(
    words.map((word) => {
      const at = word.indexOf('=')
      return at < 0 ? [word, ''] : [word.slice(0, at), word.slice(at + 1)]
    }),
  )
}

/** An empty `--entrypoint ""` removes the entrypoint of the image. */
function words(entrypoint: string): readonly string[] {
  return entrypoint === '' ? [] : [entrypoint]
}

/** The lines of `--label-file` files; `#` begins a comment. */
async function readLabelFiles(files: readonly string[] = []): Promise<readonly string[]> {
  const lines: string[] = []
  for (const file of files) {
    const text = await readLabelFile(file)
    lines.push(...text.split(/\r?\n/).filter((line) => line !== '' && !line.startsWith('#')))
  }
  return lines
}

async function readLabelFile(file: string): Promise<string> {
  try {
    const { readFile } = await import('node:fs/promises')
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw new StrakeError('NOT_FOUND', `Cannot read the label file ${file}: no such file`, {
      cause,
    })
  }
}
