import type { ContainerDetails, MountRequest } from '#container'
import type { InspectDocument } from './document.ts'

/** `Mounts`: the mounts of the last start. Mounts of `--tmpfs` appear in `HostConfig` instead. */
export function mountDocuments({ mounts, settings }: ContainerDetails): readonly InspectDocument[] {
  const elsewhere = new Set(settings.mounts.flatMap(formatTmpfs).map(([place]) => place))
  return mounts
    .filter(({ destination }) => !elsewhere.has(destination))
    .map((mount) => ({
      Type: mount.kind,
      ...(mount.name === undefined ? {} : { Name: mount.name }),
      Source: mount.kind === 'tmpfs' ? '' : mount.source,
      Destination: mount.destination,
      ...(mount.name === undefined ? {} : { Driver: 'local' }),
      Mode: mount.readOnly ? 'ro' : '',
      RW: !mount.readOnly,
      Propagation: mount.propagation ?? (mount.kind === 'bind' ? 'rprivate' : ''),
    }))
}

/** Formats a mount as a value of `-v`; returns nothing for a tmpfs and an anonymous volume. */
export function formatBind(mount: MountRequest): readonly string[] {
  const { type, source, destination, readOnly, propagation, noCopy } = mount
  if (type === 'tmpfs' || source === undefined) return []
  const options = [
    ...(readOnly ? ['ro'] : []),
    ...(propagation === undefined ? [] : [propagation]),
    ...(noCopy ? ['nocopy'] : []),
  ]
  return [[source, destination, ...(options.length === 0 ? [] : [options.join(',')])].join(':')]
}

/** Formats a mount of `--tmpfs` as destination and options; returns nothing for any other mount. */
export function formatTmpfs(mount: MountRequest): readonly (readonly [string, string])[] {
  if (mount.type !== 'tmpfs' || !mount.byTmpfsFlag) return []
  return [[mount.destination, (mount.options ?? []).join(',')]]
}
