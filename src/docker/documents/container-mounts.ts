import type { ContainerDetails, MountRequest } from '#container'
import type { InspectDocument } from './document.ts'

/** `Mounts`: what is mounted since the container was first started; those of `--tmpfs` stand in `HostConfig`. */
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

/** As `-v` has it; nothing for a tmpfs and an anonymous volume. */
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

/** As `--tmpfs` has it: a place and its options. */
export function formatTmpfs(mount: MountRequest): readonly (readonly [string, string])[] {
  if (mount.type !== 'tmpfs' || !mount.byTmpfsFlag) return []
  return [[mount.destination, (mount.options ?? []).join(',')]]
}
