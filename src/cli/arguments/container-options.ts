import { type Command, InvalidValue } from './command.ts'
import { addLimitOptions, type LimitFlags } from './limit-options.ts'
import {
  addIdleOptions,
  addRefusedOptions,
  type RefusedSwitches,
  readUserNamespace,
} from './refused-options.ts'
import { collect, parseBytes, parseWhole } from './values.ts'

/** The shared options of `run` and `create`, as the parser returns them. */
export interface ContainerFlags extends LimitFlags, RefusedSwitches {
  readonly addHost?: readonly string[]
  readonly annotation?: readonly string[]
  readonly attach?: readonly AttachedStream[]
  readonly capAdd?: readonly string[]
  readonly capDrop?: readonly string[]
  readonly cgroupParent?: string
  readonly cgroupns?: 'private' | 'host'
  readonly cidfile?: string
  readonly device?: readonly string[]
  readonly deviceCgroupRule?: readonly string[]
  readonly domainname?: string
  readonly dns?: readonly string[]
  readonly dnsOption?: readonly string[]
  readonly dnsSearch?: readonly string[]
  readonly entrypoint?: string
  readonly env?: readonly string[]
  readonly expose?: readonly string[]
  readonly envFile?: readonly string[]
  readonly gpus?: readonly string[]
  readonly groupAdd?: readonly string[]
  readonly healthCmd?: string
  readonly healthInterval?: string
  readonly healthOnFailure?: 'none' | 'kill' | 'restart' | 'stop'
  readonly healthRetries?: number
  readonly healthStartInterval?: string
  readonly healthStartPeriod?: string
  readonly healthTimeout?: string
  readonly healthcheck: boolean
  readonly hostname?: string
  readonly init?: true
  readonly interactive?: true
  readonly ip?: string
  readonly ip6?: string
  readonly linkLocalIp?: readonly string[]
  readonly ipc?: string
  readonly link?: readonly string[]
  readonly label?: readonly string[]
  readonly labelFile?: readonly string[]
  readonly logDriver?: string
  readonly logOpt?: readonly string[]
  readonly mount?: readonly string[]
  readonly name?: string
  readonly macAddress?: string
  readonly net?: readonly string[]
  readonly netAlias?: readonly string[]
  readonly network?: readonly string[]
  readonly networkAlias?: readonly string[]
  readonly oomScoreAdj?: number
  readonly pid?: string
  readonly platform?: string
  readonly privileged?: true
  readonly publish?: readonly string[]
  readonly publishAll?: true
  readonly pull: 'missing' | 'always' | 'never'
  readonly quiet?: true
  readonly readOnly?: true
  readonly restart?: string
  readonly runtime?: string
  readonly rm?: true
  readonly securityOpt?: readonly string[]
  readonly shmSize?: number
  readonly stopSignal?: string
  readonly stopTimeout?: number
  readonly sysctl?: readonly string[]
  readonly tmpfs?: readonly string[]
  readonly tty?: true
  readonly ulimit?: readonly string[]
  readonly useApiSocket?: true
  readonly user?: string
  readonly uts?: 'host'
  readonly volume?: readonly string[]
  readonly volumeDriver?: 'local'
  readonly volumesFrom?: readonly string[]
  readonly workdir?: string
}

/** Adds every shared option to `command`; words after the image belong to the container. */
export function addContainerOptions(command: Command): Command {
  return addIdleOptions(addRefusedOptions(addLimitOptions(command)))
    .argument('<image>')
    .argument('[command...]')
    .passThroughOptions()
    .option('--add-host <name:address>', 'a line of /etc/hosts', collect)
    .option('--annotation <key=value>', 'an annotation for the runtime', collect)
    .option('-a, --attach <stream>', 'attach only to stdin, stdout or stderr', readStream)
    .option('--cap-add <name>', 'add a capability', collect)
    .option('--cap-drop <name>', 'drop a capability; ALL drops every one', collect)
    .option('--cgroup-parent <path>', 'the control group that holds that of the container')
    .option('--cgroupns <mode>', 'control group namespace', { choices: ['private', 'host'] })
    .option('--cidfile <file>', 'write the container ID into a file')
    .option('--device <path>', 'a device of the host, or its name in CDI', collect)
    .option('--device-cgroup-rule <rule>', 'devices that may be used: c 189:* rwm', collect)
    .option('--domainname <name>', 'NIS domain name of the container')
    .option('--dns <address>', 'a name server', collect)
    .option('--dns-option <option>', 'an option of the resolver', collect)
    .option('--dns-search <domain>', 'a domain to search', collect)
    .option('--entrypoint <program>', 'program that replaces the ENTRYPOINT of the image', {
      empty: 'kept',
    })
    .option('-e, --env <name[=value]>', 'an environment variable', collect)
    .option('--env-file <file>', 'environment variables from a file', collect)
    .option('--expose <port[-port][/protocol]>', 'expose a port without publishing it', collect)
    .option('--gpus <request>', 'GPUs that CDI names: all, a number, or device=0', collect)
    .option('--group-add <group>', 'an additional group', collect)
    .option('--health-cmd <command>', 'command that checks whether the container is healthy')
    .option('--health-interval <duration>', 'time between two health checks', { empty: 'refused' })
    .option('--health-on-failure <action>', 'what happens to a container that becomes unhealthy', {
      choices: ['none', 'kill', 'restart', 'stop'],
    })
    .option(
      '--health-retries <count>',
      'failed health checks until the container is unhealthy',
      parseWhole,
    )
    .option(
      '--health-start-interval <duration>',
      'time between health checks in the start period',
      {
        empty: 'refused',
      },
    )
    .option('--health-start-period <duration>', 'time in which failed health checks do not count', {
      empty: 'refused',
    })
    .option('--health-timeout <duration>', 'time one health check may take', { empty: 'refused' })
    .option('--no-healthcheck', 'no health checks, not even those of the image')
    .option('-h, --hostname <name>', 'host name in the container')
    .option('--init', 'run a small init that reaps processes')
    .option('-i, --interactive', 'keep standard input open')
    .option('--ip <address>', 'IPv4 address on the first network')
    .option('--ip6 <address>', 'IPv6 address on the first network')
    .option(
      '--ipc <mode>',
      'IPC namespace: private, shareable, host, container:NAME, or none, without /dev/shm',
    )
    .option('-l, --label <key=value>', 'a label', collect)
    .option('--label-file <file>', 'labels from a file', collect)
    .option('--link-local-ip <address>', 'a further address on the first network', collect)
    .option('--link <container[:alias]>', 'find another container by a name', collect)
    .option('--log-driver <name>', 'json-file, local, journald or none')
    .option(
      '--log-opt <key=value>',
      'max-size=10m, max-file=3, tag={{.Name}}; mode=non-blocking: never wait for the log',
      collect,
    )
    .option('--mac-address <address>', 'hardware address on the first network')
    .option('--mount <spec>', 'type=bind|volume|tmpfs|image,source=…,target=…', collect)
    .option('--name <name>', 'name of the container')
    .option(
      '--network <network>',
      'bridge, host, none, container:NAME, or a network; may be given again',
      {
        read: collect,
      },
    )
    .option('--network-alias <name>', 'a further name on the first network', collect)
    .option('--net <network>', 'another name of --network', {
      ...{ hidden: true, read: collect },
    })
    .option('--net-alias <name>', 'another name of --network-alias', {
      ...{ hidden: true, read: collect },
    })
    .option(
      '--oom-score-adj <score>',
      'how early the kernel kills it when memory runs out: -1000 to 1000',
      parseWhole,
    )
    .option('--pid <mode>', 'PID namespace: private, host or container:NAME')
    .option('--platform <platform>', 'platform of the image')
    .option('--privileged', 'all capabilities and devices, nothing masked')
    .option('-p, --publish <[[address:]port:]port>', 'publish a port of the container', collect)
    .option('-P, --publish-all', 'publish every exposed port')
    .option('--pull <when>', 'when to pull the image', {
      choices: ['missing', 'always', 'never'],
      default: 'missing',
    })
    .option('-q, --quiet', 'no progress of a pull')
    .option('--read-only', 'make the root read-only')
    .option('--restart <policy>', 'no, on-failure[:count], always or unless-stopped')
    .option('--rm', 'remove the container when it ends')
    .option('--runtime <name>', 'the OCI runtime: crun, runc, youki, runsc or a path')
    .option('--security-opt <option>', 'no-new-privileges, seccomp=FILE, …', collect)
    .option('--shm-size <size>', 'size of /dev/shm', parseBytes)
    .option('--stop-signal <signal>', 'signal that stop sends first')
    .option('--stop-timeout <seconds>', 'seconds after which stop sends SIGKILL', parseWhole)
    .option('--sysctl <name=value>', 'a kernel setting of the container', collect)
    .option('--tmpfs <path[:options]>', 'a temporary file system', collect)
    .option('-t, --tty', 'give the container a terminal')
    .option('--ulimit <name=soft[:hard]>', 'a resource limit', collect)
    .option('-u, --user <user[:group]>', 'user that the command runs as')
    .option(
      '--use-api-socket',
      'mount the socket of strake system serve: full control of the store',
    )
    .option('--userns <mode>', 'user namespace: host, the only one', readUserNamespace)
    .option('--uts <mode>', 'namespace of host and domain name', { choices: ['host'] })
    .option('-v, --volume <source:target[:ro]>', 'mount a directory or a volume', collect)
    .option('--volume-driver <name>', 'local, the only driver of volumes', { choices: ['local'] })
    .option('--volumes-from <container[:ro]>', 'mount the volumes of another container', collect)
    .option('-w, --workdir <directory>', 'working directory')
}

type AttachedStream = 'stdin' | 'stdout' | 'stderr'

function readStream(
  text: string,
  previous: readonly AttachedStream[] | undefined,
): readonly AttachedStream[] {
  const name = (['stdin', 'stdout', 'stderr'] as const).find((one) => one === text.toLowerCase())
  if (name === undefined) throw new InvalidValue('expected stdin, stdout or stderr')
  return [...(previous ?? []), name]
}
