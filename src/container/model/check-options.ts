import { posix } from 'node:path'
import { StrakeError } from '#oci'
import { cpuCount } from '#platform'
import { checkBundle, refusalOfPlace } from '#runtime'
import { checkAnnotations, checkHosts, checkLabels, checkResolver } from './check-names.ts'
import type { ContainerOptions } from './options.ts'

type Checked = Omit<ContainerOptions, 'image'>

/**
 * Refuses options that the kernel or a runtime would refuse later or would read in another
 * way. Throws `INVALID`, and `DENIED` for a setting of the host. Values of the image are not
 * checked.
 */
export function checkOptions(options: Checked): void {
  checkHosts(options)
  checkResolver(options)
  checkLabels(options)
  checkAnnotations(options)
  checkMounts(options)
  checkHealth(options)
  checkLimits(options)
  checkJoining(options)
  const { security, resources, rlimits, sysctls, network, ipc, uts } = options
  const namespaces = { hostNetwork: network === 'host', ipcNamespace: ipc, utsNamespace: uts }
  checkBundle({ security, resources, rlimits, sysctls, ...namespaces })
}

function invalid(action: string, reason: string): StrakeError {
  return new StrakeError('INVALID', `Cannot ${action}: ${reason}`)
}

/** As in Docker, what belongs to the network of another container is not chosen here. */
function checkJoining(options: Checked): void {
  if (options.networkOf === undefined) return
  const { ports = [], expose = [], dns = [], dnsSearch = [], dnsOptions = [] } = options
  const { extraHosts = [], publishAll } = options
  const given = [
    ports.length > 0 || publishAll ? '--publish' : undefined,
    expose.length > 0 ? '--expose' : undefined,
    dns.length + dnsSearch.length + dnsOptions.length > 0 ? '--dns' : undefined,
    extraHosts.length > 0 ? '--add-host' : undefined,
  ].find((flag) => flag !== undefined)
  if (given === undefined) return
  throw invalid(`use ${given}`, `the network is that of container ${options.networkOf}`)
}

function checkMounts({ mounts = [] }: Checked): void {
  const taken = new Set<string>()
  for (const { type, destination, subpath, options = [] } of mounts) {
    if (type === 'tmpfs') for (const option of options) checkMemoryOption(destination, option)
    const place = posix.normalize(`${destination}/`)
    const isDirectory = type !== 'bind' && subpath === undefined
    const refusal = refusalOfPlace(place.slice(0, -1), isDirectory ? 'directory' : undefined)
    if (refusal !== undefined) throw invalid(`mount at ${destination}`, refusal)
    if (taken.has(place)) throw invalid(`mount at ${destination}`, 'two mounts have this place')
    taken.add(place)
  }
}

const memoryFlags =
  /^(|defaults|ro|rw|a?sync|dirsync|(no)?(suid|dev|exec|atime|diratime|relatime|strictatime))$/

/** The forms of values, as the kernel reads them. */
const memoryValues: Readonly<Record<string, RegExp>> = {
  size: /^\d+[kmgtpe]?$|^\d+%$/i,
  nr_blocks: /^\d+[kmgtpe]?$/i,
  nr_inodes: /^\d+[kmgtpe]?$/i,
  mode: /^0?[0-7]{1,4}$/,
  uid: /^\d{1,10}$/,
  gid: /^\d{1,10}$/,
  mpol: /^(default|local|(prefer|interleave|weighted interleave)(=(static|relative))?(:[\d-]+)?|(bind|prefer \(many\))(=(static|relative))?:[\d-]+)$/,
  huge: /^(never|always|within_size|advise)$/,
}

/** Each option of a memory file system is one that Docker knows, with a value that the kernel can use. */
function checkMemoryOption(destination: string, option: string): void {
  const [, name = option, value] = /^([^=]*)=(.*)$/s.exec(option) ?? []
  if (value === undefined ? memoryFlags.test(name) : memoryValues[name]?.test(value)) return
  throw invalid(`mount a memory file system at ${destination}`, `invalid tmpfs option "${option}"`)
}

const millisecond = 1_000_000

function checkHealth({ health = {}, healthAction = 'none', remove }: Checked): void {
  const { Interval, Timeout, StartPeriod, StartInterval, Retries = 0 } = health
  for (const [name, value = 0] of Object.entries({
    interval: Interval,
    timeout: Timeout,
    'start period': StartPeriod,
    'start interval': StartInterval,
  })) {
    if (value !== 0 && value < millisecond) {
      throw invalid(`check the health of the container`, `the ${name} is shorter than 1 ms`)
    }
  }
  if (Retries < 0) throw invalid(`check the health of the container`, 'the retries are negative')
  if (healthAction === 'restart' && remove) {
    throw invalid('use --health-on-failure restart with --rm', 'they exclude each other')
  }
}

function checkLimits({ resources = {}, log = {}, restart, oomScoreAdj = 0 }: Checked): void {
  const { cpus = 0, cpuShares = 0 } = resources
  if (cpus !== 0 && !(cpus >= 0.01 && cpus <= cpuCount())) {
    throw invalid(`limit processors to ${cpus}`, `the range is 0.01 to ${cpuCount()}`)
  }
  if (cpuShares < 0) throw invalid(`use CPU shares ${cpuShares}`, 'they are negative')
  if (Math.abs(oomScoreAdj) > 1000) {
    throw invalid(`use OOM score ${oomScoreAdj}`, 'the range is -1000 to 1000')
  }
  const { maxFile = 1, maxSize = 1 } = log
  if (!(maxFile >= 1 && maxSize >= 1)) {
    throw invalid('limit the log of the container', 'its size and count start at 1')
  }
  if (restart !== undefined && restart.maximumRetryCount !== 0 && restart.name !== 'on-failure') {
    throw invalid(`use restart policy ${restart.name}`, 'only on-failure takes a count')
  }
}
