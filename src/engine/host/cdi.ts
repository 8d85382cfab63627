import { readdir, readFile, stat } from 'node:fs/promises'
import type { DeviceEdits } from '#build'
import { StrakeError } from '#oci'
import { isSystemError, parseYaml } from '#platform'
import { type DeviceHook, hookNames } from '#runtime'

/** The directories of specifications. A later one wins. */
export const cdiDirectories: readonly string[] = ['/etc/cdi', '/var/run/cdi']

const maxSize = 4 * 1024 * 1024

type Fields = Readonly<Record<string, unknown>>

/** A specification: devices of one kind, and what all of them need. */
interface Specification {
  readonly file: string
  /** `vendor.com/class` */
  readonly kind: string
  readonly devices: readonly Fields[]
  readonly common: Fields
}

/**
 * Finds devices by their name in CDI: `vendor.com/class=name`, `=*` for all, or without
 * a name for the first. Returns `undefined` for none. Throws `UNSUPPORTED` for a device
 * whose hooks would have to run on the host, and `INVALID` for a broken specification.
 *
 * @see https://github.com/cncf-tags/container-device-interface/blob/main/SPEC.md
 */
export async function findCdiDevice(
  name: string,
  directories: readonly string[] = cdiDirectories,
): Promise<DeviceEdits | undefined> {
  const edits = await findCdiEdits(name, directories)
  if (edits === undefined) return undefined
  const { hooks, file, ...rest } = edits
  if (hooks.length === 0) return rest
  throw new StrakeError('UNSUPPORTED', `Cannot use the device of ${file}: it needs hooks`, {
    remedy: 'leave hooks out of its CDI specification',
  })
}

/** The edits of a device, with the programs that the runtime runs on the host. */
export interface CdiEdits extends DeviceEdits {
  readonly hooks: readonly DeviceHook[]
  /** The specification. */
  readonly file: string
}

/** Like `findCdiDevice`, for containers: root has allowed their hooks. Throws `DENIED` unless root alone can. */
export async function findCdiEdits(
  name: string,
  directories: readonly string[] = cdiDirectories,
): Promise<CdiEdits | undefined> {
  const [, kind, own] = /^([^=]+)(?:=(.+))?$/.exec(name) ?? []
  for (const specification of await readSpecifications(directories)) {
    if (specification.kind !== kind) continue
    const { devices } = specification
    const found =
      own === undefined
        ? devices.slice(0, 1)
        : devices.filter((device) => own === '*' || device['name'] === own)
    if (found.length === 0) continue
    const parts = [specification.common, ...found.map((device) => fields(device['containerEdits']))]
    const read = parts.map((edits) => readEdits(edits, specification.file))
    const joined = { ...join(read), file: specification.file }
    if (joined.hooks.length > 0) await requireRoots(specification.file)
    return joined
  }
  return undefined
}

async function readSpecifications(directories: readonly string[]): Promise<Specification[]> {
  const found: Specification[] = []
  for (const directory of directories.toReversed()) {
    const names = await readdir(directory).catch((error: unknown): string[] => {
      if (isSystemError(error, 'ENOENT', 'ENOTDIR')) return []
      throw error
    })
    for (const name of names.filter((each) => /\.(?:json|ya?ml)$/.test(each)).sort()) {
      found.push(await readSpecification(`${directory}/${name}`))
    }
  }
  return found
}

async function readSpecification(file: string): Promise<Specification> {
  if ((await stat(file)).size > maxSize) throw broken(file, 'it is larger than 4 MiB')
  let value: unknown
  try {
    value = parseYaml(await readFile(file, 'utf8'))
  } catch (cause) {
    throw broken(file, 'it is neither JSON nor YAML', cause)
  }
  const { kind, devices, containerEdits } = fields(value)
  if (typeof kind !== 'string') throw broken(file, 'it has no kind')
  return { file, kind, devices: list(devices).map(fields), common: fields(containerEdits) }
}

/** Hooks run as root, so nobody else may write the file. */
async function requireRoots(file: string): Promise<void> {
  const { uid, mode } = await stat(file)
  const others = 0o022
  if (uid === 0 && (mode & others) === 0) return
  throw new StrakeError(
    'DENIED',
    `Cannot use the hooks of ${file}: others than root can write it`,
    {
      remedy: `chown root ${file} && chmod go-w ${file}`,
    },
  )
}

type Edits = Omit<CdiEdits, 'file'>

function readEdits(edits: Fields, file: string): Edits {
  const other = ['intelRdt', 'netDevices'].find((name) => edits[name] !== undefined)
  if (other !== undefined) {
    throw new StrakeError('UNSUPPORTED', `Cannot use the device of ${file}: it needs ${other}`)
  }
  const text = (value: unknown): string => {
    if (typeof value === 'string' && !value.includes('\0')) return value
    throw broken(file, 'an edit lacks a text')
  }
  const path = (value: unknown): string => {
    const found = text(value)
    if (!found.startsWith('/')) throw broken(file, `${JSON.stringify(found)} is no absolute path`)
    return found
  }
  return {
    env: list(edits['env']).map(text),
    nodes: list(edits['deviceNodes']).map((node) => {
      const { path: destination, hostPath, permissions = 'rwm' } = fields(node)
      const access = text(permissions)
      if (!/^[rwm]{1,3}$/.test(access)) throw broken(file, `${JSON.stringify(access)} is no access`)
      return { source: path(hostPath ?? destination), destination: path(destination), access }
    }),
    mounts: list(edits['mounts']).map((mount) => {
      const { hostPath, containerPath, options } = fields(mount)
      const readOnly = list(options).includes('ro')
      return { source: path(hostPath), destination: path(containerPath), readOnly }
    }),
    hooks: list(edits['hooks']).map((hook) => {
      const { hookName, path: program, args, env, timeout } = fields(hook)
      const name = hookNames.find((one) => one === hookName)
      if (name === undefined) throw broken(file, `${JSON.stringify(hookName)} is no hook`)
      return {
        ...{ name, path: path(program), args: list(args).map(text), env: list(env).map(text) },
        ...(typeof timeout === 'number' && timeout > 0 ? { timeout } : {}),
      }
    }),
  }
}

function join(parts: readonly Edits[]): Edits {
  return {
    nodes: parts.flatMap(({ nodes }) => nodes),
    env: parts.flatMap(({ env }) => env),
    mounts: parts.flatMap(({ mounts }) => mounts),
    hooks: parts.flatMap(({ hooks }) => hooks),
  }
}

function fields(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {}
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function broken(file: string, reason: string, cause?: unknown): StrakeError {
  return new StrakeError('INVALID', `Cannot read the CDI specification ${file}: ${reason}`, {
    cause,
  })
}
