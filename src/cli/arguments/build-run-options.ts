import { parseAnnotation, parseGrants, parseResources, parseRunSettings } from '#docker/build/run'
import { parseCgroupParent } from '#docker/flags/limits'
import type { BuildRequest } from '#engine/build/build'
import type { Command } from './command.ts'
import { collect, parseBytes } from './values.ts'

/** Options of `build` about the containers of RUN and about the result, as the parser returns them. */
export interface BuildRunOptions {
  readonly addHost?: readonly string[]
  readonly allow?: readonly string[]
  readonly annotation?: readonly string[]
  readonly cgroupParent?: string
  readonly cpuPeriod?: string
  readonly cpuQuota?: string
  readonly cpuShares?: string
  readonly cpusetCpus?: string
  readonly cpusetMems?: string
  readonly memory?: string
  readonly memorySwap?: string
  readonly noCacheFilter?: readonly string[]
  readonly resource?: readonly string[]
  readonly shmSize?: number
  readonly sourcePolicyFile?: string
  readonly ulimit?: readonly string[]
}

/** Adds the options to `build`. Those of Docker's classic builder are hidden. */
export function addBuildRunOptions(command: Command): Command {
  return command
    .option('--add-host <name:address>', 'a line of /etc/hosts for RUN', collect)
    .option('--allow <permission>', 'network.host, security.insecure or device for RUN', collect)
    .option('--annotation <key=value>', 'an annotation of the image', collect)
    .option('--cgroup-parent <path>', 'the control group of RUN')
    .option('--no-cache-filter <stages>', 'run the steps of these stages again', collect)
    .option('--resource <key=value>', 'limits of RUN, such as memory=2g,cpu-quota=50000', collect)
    .option('--shm-size <size>', 'size of /dev/shm for RUN', parseBytes)
    .option('--source-policy-file <file>', 'rules for images, URLs, repositories and contexts')
    .option('--ulimit <name=soft[:hard]>', 'a resource limit of RUN', collect)
    .option('-m, --memory <size>', '', { hidden: true })
    .option('--memory-swap <size>', '', { hidden: true })
    .option('-c, --cpu-shares <weight>', '', { hidden: true })
    .option('--cpu-period <microseconds>', '', { hidden: true })
    .option('--cpu-quota <microseconds>', '', { hidden: true })
    .option('--cpuset-cpus <list>', '', { hidden: true })
    .option('--cpuset-mems <list>', '', { hidden: true })
}

/** Converts the options. Throws `INVALID`, which names the first invalid one. */
export function readBuildRunOptions(
  options: BuildRunOptions,
): Pick<
  BuildRequest,
  'allow' | 'annotations' | 'noCacheStages' | 'runLimits' | 'runSettings' | 'sourcePolicyFile'
> {
  const resources = parseResources(
    [...classicResources(options), ...(options.resource ?? [])],
    parseBytes,
  )
  const { cgroupParent } = options
  return {
    allow: (options.allow ?? []).flatMap(parseGrants),
    annotations: (options.annotation ?? []).map(parseAnnotation),
    sourcePolicyFile: options.sourcePolicyFile,
    noCacheStages: (options.noCacheFilter ?? [])
      .flatMap((text) => text.split(','))
      .filter((name) => name !== ''),
    runSettings: parseRunSettings({
      addHosts: options.addHost,
      ulimits: options.ulimit,
      shmSize: options.shmSize,
    }),
    runLimits: {
      ...(Object.keys(resources).length > 0 && { resources }),
      ...(cgroupParent !== undefined && { cgroupParent: parseCgroupParent(cgroupParent) }),
    },
  }
}

/** The flags of Docker's classic builder, in the form of `--resource`. */
function classicResources(options: BuildRunOptions): readonly string[] {
  const { memory, memorySwap, cpuShares, cpuPeriod, cpuQuota, cpusetCpus, cpusetMems } = options
  const given = {
    memory,
    'memory-swap': memorySwap,
    'cpu-shares': cpuShares,
    'cpu-period': cpuPeriod,
    'cpu-quota': cpuQuota,
    'cpuset-cpus': cpusetCpus,
    'cpuset-mems': cpusetMems,
  }
  return Object.entries(given).flatMap(([key, value]) =>
    value === undefined ? [] : [`"${key}=${value}"`],
  )
}
