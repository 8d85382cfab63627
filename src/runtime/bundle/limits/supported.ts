import { cgroupMode, groupFileExists } from '../../cgroup.ts'
import { refuseLimits } from './refuse-limits.ts'
import type { ResourceOptions } from './resources.ts'

/** What a machine can limit. */
export interface LimitSupport {
  readonly swappiness: boolean
  readonly oomKillDisable: boolean
  readonly blockIoWeight: boolean
}

export interface SupportedResources {
  readonly resources: ResourceOptions
  /** One sentence for each limit that was left out. */
  readonly warnings: readonly string[]
}

/**
 * Leaves out the limits that this machine cannot set, as Docker does, with a warning for each. Throws
 * `DENIED` where this process may not make control groups.
 */
export function supportedResources(
  options: ResourceOptions,
  findSupport: () => LimitSupport = machineSupport,
): SupportedResources {
  refuseLimits(options)
  const swappiness = options.memorySwappiness ?? -1
  const hasWeight = Boolean(options.blkioWeight || options.blkioWeightDevices?.length)
  if (swappiness === -1 && !options.oomKillDisable && !hasWeight) {
    return { resources: options, warnings: [] }
  }
  const support = findSupport()
  const warnings: string[] = []
  let resources = options
  if (swappiness !== -1 && !support.swappiness) {
    resources = { ...resources, memorySwappiness: undefined }
    warnings.push('the kernel has no swappiness of its own for a container: it is ignored')
  }
  if (options.oomKillDisable && !support.oomKillDisable) {
    resources = { ...resources, oomKillDisable: undefined }
    warnings.push('the kernel cannot disable the OOM killer for a container: this is ignored')
  } else if (options.oomKillDisable && !options.memory) {
    warnings.push(
      'the OOM killer is disabled without a limit of memory: the machine can run out of memory',
    )
  }
  if (hasWeight && !support.blockIoWeight) {
    resources = { ...resources, blkioWeight: undefined, blkioWeightDevices: undefined }
    warnings.push('the kernel has no weights of block IO: they are ignored')
  }
  return { resources, warnings }
}

function machineSupport(): LimitSupport {
  const isUnified = cgroupMode() === 'unified'
  return {
    swappiness: !isUnified && groupFileExists('memory', ['memory.swappiness']),
    oomKillDisable: !isUnified && groupFileExists('memory', ['memory.oom_control']),
    blockIoWeight: isUnified
      ? groupFileExists('', ['io.weight', 'io.bfq.weight'])
      : groupFileExists('blkio', ['blkio.weight', 'blkio.bfq.weight']),
  }
}
