import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { parseContainerRequest } from '#docker/container-flags'
import type { RunOptions } from '#engine/container/run'
import { StrakeError } from '#oci'
import type { ContainerFlags } from './container-options.ts'
import { readEnvironment } from './environment.ts'
import { parseAssignments } from './values.ts'

/** What the engine takes, from what was typed. */
export async function readContainerFlags(
  image: string,
  command: readonly string[],
  flags: ContainerFlags,
): Promise<RunOptions> {
  const request = parseContainerRequest({
    network: flags.net ?? flags.network ?? 'bridge',
    ...define('volumes', flags.volume?.map(absolute)),
    ...define('mounts', flags.mount),
    ...define('tmpfs', flags.tmpfs),
    ...define('publish', flags.publish),
    ...define('restart', flags.restart),
    ...define('ulimits', flags.ulimit),
    ...define('devices', flags.device),
    ...define('securityOptions', flags.securityOpt),
    ...define('addHosts', flags.addHost),
    ...define('logOptions', flags.logOpt),
    ...define('logDriver', flags.logDriver),
    ...define('stopSignal', flags.stopSignal),
    ...readHealth(flags),
  })
  const { security, ...parsed } = request
  return {
    ...parsed,
    image,
    command,
    env: await readEnvironment(flags.env, flags.envFile),
    labels: await readLabels(flags),
    pull: flags.pull,
    security: {
      ...security,
      ...define('add', flags.capAdd),
      ...define('drop', flags.capDrop),
      ...define('privileged', flags.privileged),
    },
    resources: readResources(flags),
    sysctls: Object.fromEntries(parseAssignments(flags.sysctl)),
    ...define('name', flags.name),
    ...define('hostname', flags.hostname),
    ...define('entrypoint', flags.entrypoint === undefined ? undefined : words(flags.entrypoint)),
    ...define('workingDir', flags.workdir),
    ...define('user', flags.user),
    ...define('groupAdd', flags.groupAdd),
    ...define('tty', flags.tty),
    ...define('interactive', flags.interactive),
    ...define('remove', flags.rm),
    ...define('stopTimeout', flags.stopTimeout),
    ...define('init', flags.init),
    ...define('readOnly', flags.readOnly),
    ...define('shmSize', flags.shmSize),
    ...define('ip', flags.ip),
    ...define('publishAll', flags.publishAll),
    ...define('dns', flags.dns),
    ...define('dnsSearch', flags.dnsSearch),
    ...define('dnsOptions', flags.dnsOption),
    ...define('oomScoreAdj', flags.oomScoreAdj),
    ...define('pid', flags.pid),
    ...define('ipc', flags.ipc),
    ...define('platform', flags.platform),
    ...define('containerIdFile', flags.cidfile),
  }
}

/** Docker takes `./data:/data`, but not `data:/data`, which is a volume. */
function absolute(volume: string): string {
  const [source = '', ...rest] = volume.split(':')
  return /^\.{1,2}(\/|$)/.test(source) && rest.length > 0
    ? [resolve(source), ...rest].join(':')
    : volume
}

/** An empty `--entrypoint ""` takes the entrypoint of the image away. */
function words(entrypoint: string): readonly string[] {
  return entrypoint === '' ? [] : [entrypoint]
}

/** A property that is there only when it has a value. */
function define<Key extends string, Value>(
  key: Key,
  value: Value | undefined,
): { readonly [K in Key]?: Value } {
  return value === undefined ? {} : ({ [key]: value } as { [K in Key]: Value })
}

function readResources(flags: ContainerFlags): NonNullable<RunOptions['resources']> {
  return {
    ...define('memory', flags.memory),
    ...define('memoryReservation', flags.memoryReservation),
    ...define('memorySwap', flags.memorySwap),
    ...define('cpus', flags.cpus || undefined),
    ...define('cpuShares', flags.cpuShares),
    ...define('cpusetCpus', flags.cpusetCpus),
    ...define('pids', flags.pidsLimit),
  }
}

async function readLabels(flags: ContainerFlags): Promise<Readonly<Record<string, string>>> {
  const lines: string[] = []
  for (const file of flags.labelFile ?? []) {
    const text = await readLabelFile(file)
    lines.push(...text.split(/\r?\n/).filter((line) => line !== '' && !line.startsWith('#')))
  }
  const all = [...lines, ...(flags.label ?? [])]
  return Object.fromEntries(all.map((word) => (word.includes('=') ? splitOnce(word) : [word, ''])))
}

async function readLabelFile(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw new StrakeError('NOT_FOUND', `Cannot read the label file ${file}: no such file`, {
      cause,
    })
  }
}

function splitOnce(word: string): [string, string] {
  const at = word.indexOf('=')
  return [word.slice(0, at), word.slice(at + 1)]
}

function readHealth(flags: ContainerFlags): Parameters<typeof parseContainerRequest>[0] {
  const health = {
    ...define('command', flags.healthCmd),
    ...define('interval', flags.healthInterval),
    ...define('timeout', flags.healthTimeout),
    ...define('startPeriod', flags.healthStartPeriod),
    ...define('retries', flags.healthRetries),
    ...(flags.healthcheck ? {} : { none: true }),
  }
  return Object.keys(health).length === 0 ? {} : { health }
}
