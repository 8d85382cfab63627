import { fs, inUserNamespace, mayWrite, pathExists, readPlainFile } from '#platform'

const base = '/sys/fs/cgroup'

/** `unified` is only cgroup v2, `legacy` only v1, `hybrid` v1 with v2 beside it. */
export type CgroupMode = 'unified' | 'hybrid' | 'legacy'

let knownMode: CgroupMode | undefined

/** The arrangement of the control groups on this machine, which stays the same. */
export function cgroupMode(): CgroupMode {
  knownMode ??= readMode()
  return knownMode
}

function readMode(): CgroupMode {
  if (pathExists(`${base}/cgroup.controllers`)) return 'unified'
  return pathExists(`${base}/unified/cgroup.controllers`) ? 'hybrid' : 'legacy'
}

let knownOwner: boolean | undefined

/**
 * Whether this process may make control groups. Without them nothing is limited, and a container is
 * known by its processes alone.
 */
export function ownsCgroups(): boolean {
  knownOwner ??= !inUserNamespace() || mayWrite(cgroupMode() === 'unified' ? base : `${base}/pids`)
  return knownOwner
}

/** The controllers on the v2 mount of a hybrid machine. crun refuses such a machine. */
export function hybridControllers(): readonly string[] {
  try {
    const text = fs().readFileSync(`${base}/unified/cgroup.controllers`, 'latin1').trim()
    return text === '' ? [] : text.split(' ')
  } catch {
    return []
  }
}

/** Whether the kernel can limit swap. */
export function countsSwap(): boolean {
  if (cgroupMode() === 'unified') return pathExists('/proc/swaps')
  return pathExists(`${base}/memory/memory.memsw.limit_in_bytes`)
}

/**
 * The control group of a container, below every hierarchy's root. The functions about groups
 * take this path.
 */
export function cgroupPath(id: string, parent = '/strake'): string {
  return `${parent}/${id}`
}

/** How often the kernel killed a process of this container because memory ran out. Call it before the group is removed. */
export function oomKills(group: string): number {
  const file =
    cgroupMode() === 'unified'
      ? `${base}${group}/memory.events`
      : `${base}/memory${group}/memory.oom_control`
  try {
    return Number(/^oom_kill (\d+)$/m.exec(fs().readFileSync(file, 'latin1'))?.[1] ?? 0)
  } catch {
    return 0
  }
}

/** Freezes or thaws the processes of a container. Returns false where the kernel cannot. */
export function freeze(group: string, frozen: boolean): boolean {
  const unified = cgroupMode() === 'unified'
  const file = unified ? `${base}${group}/cgroup.freeze` : `${base}/freezer${group}/freezer.state`
  const word = unified ? (frozen ? '1' : '0') : frozen ? 'FROZEN' : 'THAWED'
  try {
    fs().writeFileSync(file, word)
    return true
  } catch {
    return false
  }
}

/** The processes of a container, by the host's IDs, including those in child groups. */
export function cgroupProcesses(group: string): readonly number[] {
  const hierarchy = cgroupMode() === 'unified' ? base : `${base}/pids`
  return processesBelow(`${hierarchy}${group}`)
}

function processesBelow(group: string): readonly number[] {
  try {
    const own = fs().readFileSync(`${group}/cgroup.procs`, 'latin1').split('\n').filter(Boolean)
    const inner = fs()
      .readdirSync(group, { withFileTypes: true })
      .filter((one) => one.isDirectory())
    return [...own.map(Number), ...inner.flatMap(({ name }) => processesBelow(`${group}/${name}`))]
  } catch {
    // The group has just been removed, with its last process.
    return []
  }
}

/**
 * Removes the control groups of an ended container. Returns false when a process is still in one.
 */
export function removeCgroups(group: string): boolean {
  let empty = true
  for (const hierarchy of hierarchies()) {
    const path = `${hierarchy}${group}`
    try {
      fs().rmdirSync(path)
    } catch {
      empty &&= !pathExists(path) || removeChildren(path)
    }
  }
  return empty
}

/** Removes child groups first: programs of the container may have created some. */
function removeChildren(path: string): boolean {
  try {
    for (const entry of fs().readdirSync(path, { withFileTypes: true })) {
      if (entry.isDirectory()) removeChildren(`${path}/${entry.name}`)
    }
    fs().rmdirSync(path)
    return true
  } catch {
    return false
  }
}

function hierarchies(): readonly string[] {
  if (cgroupMode() === 'unified') return [base]
  return fs()
    .readdirSync(base)
    .map((name) => `${base}/${name}`)
}

/** Whether the processes of a container are frozen. */
export function isFrozen(
  group: string,
  read: (path: string) => string | undefined = readPlainFile,
): boolean {
  const unified = cgroupMode() === 'unified'
  const file = unified ? `${base}${group}/cgroup.freeze` : `${base}/freezer${group}/freezer.state`
  try {
    const word = read(file)?.trim()
    return word === '1' || word === 'FROZEN' || word === 'FREEZING'
  } catch {
    return false
  }
}

let isPriming = false

/**
 * Moves this process into its own control group. The first such move makes the kernel wait for a
 * grace period (5-10 ms); done early in a thread of the pool, it overlaps with other work. A second
 * call during the wait does nothing.
 */
export function primeCgroups(): void {
  if (isPriming) return
  const unified = cgroupMode() === 'unified'
  try {
    const [, own = '/'] =
      (unified ? /^0::(.*)$/m : /:pids:(.*)$/m).exec(
        fs().readFileSync('/proc/self/cgroup', 'latin1'),
      ) ?? []
    const file = `${base}${unified ? '' : '/pids'}${own}/cgroup.procs`
    isPriming = true
    // Without this the start takes a few milliseconds more, so an error is ignored.
    fs().writeFile(file, '0', () => {
      isPriming = false
    })
  } catch {
    // The own group has no such file.
  }
}

/**
 * Whether the groups of a hierarchy have one of these files. The root has fewer files than
 * other groups, so its children are looked at. Without children the answer is true.
 */
export function groupFileExists(hierarchy: string, names: readonly string[]): boolean {
  const root = hierarchy === '' ? base : `${base}/${hierarchy}`
  try {
    const groups = fs()
      .readdirSync(root, { withFileTypes: true })
      .filter((one) => one.isDirectory())
    if (groups.length === 0) return true
    return groups.some((group) => names.some((name) => pathExists(`${root}/${group.name}/${name}`)))
  } catch {
    return false
  }
}
