/** Why a command is missing: a clause, and what to do instead. */
export interface Absence {
  readonly reason: string
  readonly remedy?: string
}

const checkpoints: Absence = {
  reason: 'processes are not saved, which needs CRIU',
  remedy: 'strake commit keeps the files of a container, and strake start starts its process anew',
}
const oneMachine: Absence = {
  reason: 'strake manages one machine',
  remedy: 'strake compose, which starts the services of a project here',
}
const mountedContainers: Absence = {
  reason: 'the files of a container are reached without a mount',
  remedy: 'strake cp, strake diff or strake export',
}
const pods: Absence = {
  reason: 'there are no pods',
  remedy: 'strake compose, or strake run --network container:NAME',
}
const boots: Absence = {
  reason: 'no unit is written for each container',
  remedy: 'strake run --restart always, and systemctl enable strake',
}

/** Commands of Docker that strake lacks. */
export const absentOfDocker: Readonly<Record<string, Absence>> = {
  checkpoint: checkpoints,
  config: oneMachine,
  context: {
    reason: 'there is no daemon to choose',
    remedy: 'strake --root DIR for another store, or ssh HOST strake for another machine',
  },
  manifest: {
    reason: 'images of several platforms are made by another command',
    remedy: 'strake buildx imagetools create',
  },
  node: oneMachine,
  plugin: { reason: 'there is no daemon that plugins could extend' },
  secret: oneMachine,
  service: oneMachine,
  stack: oneMachine,
  swarm: oneMachine,
  trust: {
    reason: 'signatures are not verified',
    remedy: 'name an image by its digest, which is always verified',
  },
}

/** Commands of Podman that strake lacks. */
export const absentOfPodman: Readonly<Record<string, Absence>> = {
  'container checkpoint': checkpoints,
  'container mount': mountedContainers,
  'container restore': checkpoints,
  'container unmount': mountedContainers,
  generate: boots,
  'image scp': {
    reason: 'images are sent through pipes',
    remedy: 'strake save IMAGE | ssh HOST strake load',
  },
  'image sign': {
    reason: 'images are signed where they are pushed',
    remedy: 'strake push, and cosign sign NAME@DIGEST',
  },
  'image trust': {
    reason: 'signatures are not verified',
    remedy: 'name an image by its digest, which is always verified',
  },
  kube: pods,
  machine: { reason: 'strake needs Linux and starts no virtual machine' },
  mount: mountedContainers,
  play: pods,
  pod: pods,
  quadlet: boots,
  umount: mountedContainers,
  unmount: mountedContainers,
  unshare: { reason: 'every command of a user enters the namespaces of the store by itself' },
  untag: { reason: 'names are removed by another command', remedy: 'strake rmi NAME' },
  'image untag': { reason: 'names are removed by another command', remedy: 'strake rmi NAME' },
}

/** Returns why a command is missing; `undefined` for an unknown one. `path` has all its words. */
export function findAbsence(path: string): Absence | undefined {
  for (const absent of [absentOfDocker, absentOfPodman]) {
    if (Object.hasOwn(absent, path)) return absent[path]
  }
  return undefined
}

/** Options of Docker that strake lacks. For these, a name that is spelt like them is no help. */
const absentOptions: ReadonlySet<string> = new Set([
  '--cache-from',
  '--details',
  '--link',
  '--network-alias',
  '--squash',
])

/** Returns whether only Docker has this option. */
export function isAbsentOption(flag: string): boolean {
  return absentOptions.has(flag)
}
