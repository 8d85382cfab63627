import type { ContainerOutline, MountRequest } from '#container'
import type { InspectDocument } from './document.ts'

/** `Mounts`. Mounts of `--tmpfs` appear in `HostConfig` instead. */
export function mountDocuments({ mounts, settings }: ContainerOutline): readonly InspectDocument[] {
  const elsewhere = new Set(settings.mounts.flatMap(formatTmpfs).map(([place]) => place))
  const requests = new Map(settings.mounts.map((request) => [request.destination, request]))
  return mounts
    .filter(({ destination }) => !elsewhere.has(destination))
    .map((mount) => ({
      Type: mount.kind,
      ...(mount.name === undefined ? {} : { Name: mount.name }),
      Source: mount.kind === 'tmpfs' ? '' : mount.source,
      Destination: mount.destination,
      ...(mount.name === undefined ? {} : { Driver: 'local' }),
      Mode: modeOf(mount, requests.get(mount.destination)),
      RW: !mount.readOnly,
      Propagation: mount.propagation ?? (mount.kind === 'bind' ? 'rprivate' : ''),
    }))
}

function modeOf({ readOnly }: ContainerOutline['mounts'][number], request?: MountRequest): string {
  const { relabel, propagation, byMountFlag } = request ?? {}
  const words = [readOnly ? 'ro' : undefined, byMountFlag ? undefined : propagation, relabel]
  return words.filter((word) => word !== undefined).join(',')
}

/** Formats a mount as a value of `-v`; returns nothing for a mount of another flag. */
export function formatBind(mount: MountRequest): readonly string[] {
  const { source, destination, readOnly, propagation, noCopy } = mount
  if (mount.byMountFlag || source === undefined || mount.isInherited) return []
  const options = [
    ...(readOnly ? ['ro'] : []),
    ...(propagation === undefined ? [] : [propagation]),
    ...(noCopy ? ['nocopy'] : []),
    ...(mount.relabel === undefined ? [] : [mount.relabel]),
  ]
  return [[source, destination, ...(options.length === 0 ? [] : [options.join(',')])].join(':')]
}

/** Formats a mount of `--tmpfs` as destination and options; returns nothing for any other mount. */
export function formatTmpfs(mount: MountRequest): readonly (readonly [string, string])[] {
  if (mount.type !== 'tmpfs' || !mount.byTmpfsFlag) return []
  return [[mount.destination, (mount.options ?? []).join(',')]]
}

/** Formats a mount of `--mount` as Docker's API does; returns nothing for a mount of another flag. */
export function mountSpec(mount: MountRequest): readonly InspectDocument[] {
  if (!mount.byMountFlag || mount.isInherited) return []
  const { type, source, destination, readOnly } = mount
  const options = {
    bind: bindOptions,
    volume: volumeOptions,
    tmpfs: tmpfsOptions,
    image: imageOptions,
  }
  return [
    {
      Type: type,
      ...(source === undefined ? {} : { Source: source }),
      Target: destination,
      ...(readOnly ? { ReadOnly: true } : {}),
      ...options[type](mount),
    },
  ]
}

function bindOptions({ propagation, recursion, createSource }: MountRequest): InspectDocument {
  return named('BindOptions', {
    Propagation: propagation,
    NonRecursive: recursion === 'disabled' || undefined,
    CreateMountpoint: createSource,
    ReadOnlyNonRecursive: recursion === 'writable' || undefined,
    ReadOnlyForceRecursive: recursion === 'readonly' || undefined,
  })
}

function volumeOptions({ noCopy, labels, driverOptions, subpath }: MountRequest): InspectDocument {
  return named('VolumeOptions', {
    NoCopy: noCopy,
    Labels: labels,
    Subpath: subpath,
    DriverConfig: driverOptions && { Options: driverOptions },
  })
}

function imageOptions({ subpath }: MountRequest): InspectDocument {
  return named('ImageOptions', { Subpath: subpath })
}

function tmpfsOptions({ options = [] }: MountRequest): InspectDocument {
  const value = (key: string): string | undefined =>
    options.find((option) => option.startsWith(`${key}=`))?.slice(key.length + 1)
  const [size, mode] = [value('size'), value('mode')]
  return named('TmpfsOptions', {
    SizeBytes: size === undefined ? undefined : Number(size),
    Mode: mode === undefined ? undefined : Number.parseInt(mode, 8),
  })
}

/** Leaves the member out when it would be empty. */
function named(name: string, members: Readonly<Record<string, unknown>>): InspectDocument {
  const present = Object.entries(members).filter(([, value]) => value !== undefined)
  return present.length === 0 ? {} : { [name]: Object.fromEntries(present) }
}
