import { lstatSync, readdirSync, statSync } from 'node:fs'
import { StrakeError } from '#oci'
import { deviceNumbers } from './device-numbers.ts'
import type { DeviceNode, DeviceRule } from './spec.ts'

/**
 * One `--device`: a node of the host, its path in the container, and the allowed access (`rwm`).
 */
export interface DeviceOption {
  readonly source: string
  readonly destination: string
  readonly access: string
}

export interface DeviceOptions {
  readonly devices?: readonly DeviceOption[] | undefined
  /** In the form of `--device-cgroup-rule`: `c 189:* rmw`. */
  readonly rules?: readonly string[] | undefined
  /** Every device of the host. */
  readonly privileged?: boolean | undefined
}

/**
 * Denies everything, then allows what every program expects. The runtime adds full, ptmx and pts.
 */
const defaultRules: readonly DeviceRule[] = [
  { allow: false, access: 'rwm' },
  { allow: true, type: 'c', major: 1, minor: 5, access: 'rwm' },
  { allow: true, type: 'c', major: 1, minor: 3, access: 'rwm' },
  { allow: true, type: 'c', major: 1, minor: 9, access: 'rwm' },
  { allow: true, type: 'c', major: 1, minor: 8, access: 'rwm' },
  { allow: true, type: 'c', major: 5, minor: 0, access: 'rwm' },
  { allow: true, type: 'c', major: 5, minor: 1, access: 'rwm' },
  { allow: false, type: 'c', major: 10, minor: 229, access: 'rwm' },
]

/**
 * The nodes of a container in addition to those of the runtime, and the rules of its control group.
 */
export function deviceConfig(options: DeviceOptions = {}): {
  readonly nodes: readonly DeviceNode[]
  readonly rules: readonly DeviceRule[]
} {
  if (options.privileged) {
    return { nodes: hostDevices('/dev'), rules: [{ allow: true, access: 'rwm' }] }
  }
  const wanted = (options.devices ?? []).flatMap(({ source, destination, access }) =>
    readDevices(source, destination).map((node) => ({ node, access })),
  )
  return {
    nodes: wanted.map(({ node }) => node),
    rules: [
      ...defaultRules,
      ...wanted.map(({ node, access }) => ({
        allow: true,
        type: node.type,
        major: node.major,
        minor: node.minor,
        access,
      })),
      ...(options.rules ?? []).map(parseRule),
    ],
  }
}

/** The device of a path, or every device below a directory. */
function readDevices(source: string, destination: string): readonly DeviceNode[] {
  if (statSync(source, { throwIfNoEntry: false })?.isDirectory()) {
    const below = hostDevices(source)
    if (below.length > 0) {
      return below.map((node) => ({
        ...node,
        path: `${destination}${node.path.slice(source.length)}`,
      }))
    }
  }
  return [readDevice(source, destination)]
}

function readDevice(source: string, destination: string): DeviceNode {
  let node: DeviceNode | undefined
  try {
    node = deviceNode(source, destination)
  } catch (cause) {
    throw new StrakeError('NOT_FOUND', `Cannot use device ${source}: no such file or directory`, {
      cause,
    })
  }
  if (node === undefined) {
    throw new StrakeError('INVALID', `Cannot use device ${source}: it is not a device node`)
  }
  return node
}

function deviceNode(source: string, destination: string): DeviceNode | undefined {
  const stats = statSync(source)
  if (!stats.isBlockDevice() && !stats.isCharacterDevice()) return undefined
  return {
    path: destination,
    type: stats.isBlockDevice() ? 'b' : 'c',
    ...deviceNumbers(stats.rdev),
    fileMode: stats.mode & 0o777,
    uid: stats.uid,
    gid: stats.gid,
  }
}

/**
 * Directories that the runtime fills itself, and names that belong to one terminal or one
 * namespace.
 */
const notShared = new Set(['pts', 'shm', 'fd', 'mqueue', 'console', '.lxc', '.lxd-mounts', 'ptmx'])

function hostDevices(directory: string): readonly DeviceNode[] {
  const nodes: DeviceNode[] = []
  for (const name of readdirSync(directory)) {
    if (notShared.has(name)) continue
    const path = `${directory}/${name}`
    const stats = lstatSync(path)
    if (stats.isDirectory()) nodes.push(...hostDevices(path))
    else if (stats.isBlockDevice() || stats.isCharacterDevice()) {
      const node = deviceNode(path, path)
      if (node !== undefined) nodes.push(node)
    }
  }
  return nodes
}

/** Reads a rule of `DeviceOptions`. Throws `INVALID`. */
export function parseRule(text: string): DeviceRule {
  const match = /^([acb]) ([0-9]+|\*):([0-9]+|\*) ([rwm]{1,3})$/.exec(text)
  if (match === null) {
    throw new StrakeError(
      'INVALID',
      `Cannot use device rule ${text}: it must read like c 189:* rwm`,
    )
  }
  const [, type = 'a', major = '*', minor = '*', access = 'rwm'] = match
  return {
    allow: true,
    type,
    ...(major === '*' ? {} : { major: Number(major) }),
    ...(minor === '*' ? {} : { minor: Number(minor) }),
    access,
  }
}
