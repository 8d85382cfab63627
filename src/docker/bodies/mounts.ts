import type { MountRequest } from '#container'
import { StrakeError } from '#oci'
import { parseMount } from '../flags/mount-flags.ts'
import { type Fields, member, object, objects, textMap } from './fields.ts'

/** Reads `Mounts` of `HostConfig`, by the rules of `--mount`. Throws `INVALID`. */
export function readMounts(host: Fields): readonly MountRequest[] {
  return (objects(host, 'Mounts') ?? []).map((mount) => parseMount(mountText(mount)))
}

/** Writes a mount as a value of `--mount`, so that one parser checks both. */
function mountText(mount: Fields): string {
  const type = member(mount, 'Type', 'string') ?? ''
  if (type === '') throw new StrakeError('INVALID', 'invalid mount config: no type')
  const bind = object(mount, 'BindOptions') ?? {}
  const volume = object(mount, 'VolumeOptions') ?? {}
  const tmpfs = object(mount, 'TmpfsOptions') ?? {}
  const image = object(mount, 'ImageOptions') ?? {}
  const driver = object(volume, 'DriverConfig') ?? {}
  const source = member(mount, 'Source', 'string')
  const size = member(tmpfs, 'SizeBytes', 'number')
  const mode = member(tmpfs, 'Mode', 'number')
  const fields = [
    ['type', type],
    ['source', source || undefined],
    ['target', member(mount, 'Target', 'string')],
    ['readonly', flag(mount, 'ReadOnly')],
    ['bind-propagation', member(bind, 'Propagation', 'string') || undefined],
    ['bind-recursive', recursionOf(bind)],
    ['bind-create-src', flag(bind, 'CreateMountpoint')],
    ['volume-nocopy', flag(volume, 'NoCopy')],
    ['volume-subpath', member(volume, 'Subpath', 'string') || undefined],
    ['volume-driver', member(driver, 'Name', 'string') || undefined],
    ['image-subpath', member(image, 'Subpath', 'string') || undefined],
    ['tmpfs-size', size ? `${size}` : undefined],
    ['tmpfs-mode', mode ? mode.toString(8) : undefined],
    ...repeated('volume-label', textMap(volume, 'Labels')),
    ...repeated('volume-opt', textMap(driver, 'Options')),
  ] as const
  return fields
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => quoted(`${key}=${value}`))
    .join(',')
}

function flag(fields: Fields, name: string): 'true' | undefined {
  return member(fields, name, 'boolean') ? 'true' : undefined
}

function recursionOf(bind: Fields): string | undefined {
  if (member(bind, 'NonRecursive', 'boolean')) return 'disabled'
  if (member(bind, 'ReadOnlyNonRecursive', 'boolean')) return 'writable'
  return member(bind, 'ReadOnlyForceRecursive', 'boolean') ? 'readonly' : undefined
}

function repeated(
  key: string,
  map: Readonly<Record<string, string>> = {},
): readonly (readonly [string, string])[] {
  return Object.entries(map).map(([name, value]) => [key, `${name}=${value}`])
}

/** A field of CSV. */
function quoted(field: string): string {
  return /[",]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field
}
