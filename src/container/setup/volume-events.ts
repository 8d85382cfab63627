import type { NewEvent } from '#records'
import type { ContainerPaths } from '../model/context.ts'
import { readJson } from '../model/state.ts'
import type { ResolvedMount } from './volumes.ts'

type Mounted = Pick<ContainerPaths, 'directory'>

/** Returns the events of the volumes that a container mounts when it starts. */
export function mountEvents(id: string, paths: Mounted): readonly NewEvent[] {
  return volumesOf(paths).map(({ name, destination, readOnly, propagation = '' }) =>
    event('mount', name, {
      container: id,
      destination,
      'read/write': `${!readOnly}`,
      propagation,
    }),
  )
}

/** Returns the events of the volumes that a container gives back when it ends. */
export function unmountEvents(id: string, paths: Mounted): readonly NewEvent[] {
  return volumesOf(paths).map(({ name }) => event('unmount', name, { container: id }))
}

function event(
  action: 'mount' | 'unmount',
  volume: string,
  attributes: Readonly<Record<string, string>>,
): NewEvent {
  return { type: 'volume', action, actor: volume, attributes: { driver: 'local', ...attributes } }
}

/** The mounts of the last start that are volumes. */
function volumesOf({ directory }: Mounted): readonly (ResolvedMount & { readonly name: string })[] {
  const document: { readonly mounts?: readonly ResolvedMount[] } | undefined = readJson(
    `${directory}/mounts.json`,
  )
  return (document?.mounts ?? []).filter(
    (mount): mount is ResolvedMount & { readonly name: string } => mount.name !== undefined,
  )
}
