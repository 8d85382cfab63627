import { inUserNamespace, mappedGroups } from '#platform'
import { ownsCgroups } from '../cgroup.ts'
import type { MountConfig, RuntimeConfig } from './spec.ts'

/** What this process lacks of the rights of the machine's root. */
export interface Confinement {
  readonly inUserNamespace: boolean
  readonly ownsCgroups: boolean
  /** The groups that the user namespace has: those from 0 to this number minus one. */
  readonly groups: number
}

/** The confinement of this process. */
export function ownConfinement(): Confinement {
  return {
    inUserNamespace: inUserNamespace(),
    ownsCgroups: ownsCgroups(),
    groups: mappedGroups(),
  }
}

/** The group that owns terminals. */
const terminalGroup = 5

/**
 * Leaves out what the kernel refuses to a process with fewer rights than the machine's root: control
 * groups that it may not write, IDs that its user namespace lacks, and a new view of the devices of a
 * network that belongs to the machine.
 */
export function confineConfig(
  config: RuntimeConfig,
  { hostNetwork }: { readonly hostNetwork: boolean },
  own: Confinement = ownConfinement(),
): RuntimeConfig {
  if (!own.inUserNamespace) return config
  const { cgroupsPath: _, ...linux } = config.linux
  return {
    ...config,
    mounts: config.mounts.map((mount) => confineMount(mount, { hostNetwork }, own)),
    linux: {
      ...(own.ownsCgroups ? config.linux : { ...linux, resources: { devices: [] } }),
      ...(linux.sysctl === undefined ? {} : { sysctl: confineSysctl(linux.sysctl, own) }),
    },
  }
}

function confineMount(
  mount: MountConfig,
  { hostNetwork }: { readonly hostNetwork: boolean },
  own: Confinement,
): MountConfig {
  const { type, options = [] } = mount
  if (type === 'sysfs' && hostNetwork) {
    // Recursively, because the user may write some files of the file systems below /sys.
    const access = options.includes('ro') ? ['rro'] : []
    return {
      ...mount,
      type: 'bind',
      source: '/sys',
      options: ['rbind', 'rslave', ...options, ...access],
    }
  }
  // The bound /sys shows the control groups of the user, which the container must not write.
  if (type === 'cgroup' && !own.ownsCgroups) {
    return {
      ...mount,
      type: 'tmpfs',
      source: 'tmpfs',
      options: ['ro', 'nosuid', 'noexec', 'nodev', 'size=0'],
    }
  }
  if (type === 'devpts' && own.groups <= terminalGroup) {
    return { ...mount, options: options.filter((each) => each !== `gid=${terminalGroup}`) }
  }
  return mount
}

const pingGroups = 'net.ipv4.ping_group_range'

/** The kernel refuses a range with groups that the namespace lacks. */
function confineSysctl(
  sysctls: Readonly<Record<string, string>>,
  { groups }: Confinement,
): Readonly<Record<string, string>> {
  const [first = 0, last = 0] = (sysctls[pingGroups] ?? '').split(' ').map(Number)
  if (sysctls[pingGroups] === undefined || first >= groups) return sysctls
  return { ...sysctls, [pingGroups]: `${first} ${Math.min(last, groups - 1)}` }
}
