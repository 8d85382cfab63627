import type { EventActions, NewEvent, Records } from '#records'
import { type Container, readSettings } from './record.ts'

type Subject = Pick<Container, 'id' | 'name' | 'settings'>

/** What happened to a container, with its labels, name and image. */
export function containerEvent(
  { id, name, settings }: Subject,
  action: EventActions['container'],
  more: Readonly<Record<string, string>> = {},
): NewEvent {
  const { labels, image } = settings
  const attributes = { ...labels, image: image.reference, name, ...more }
  return { type: 'container', action, actor: id, attributes }
}

/** A container joined its network or left it. Returns no event for a container without one of its own. */
export function networkEvents(
  { id, settings }: Subject,
  action: 'connect' | 'disconnect',
): readonly NewEvent[] {
  const { network } = settings
  if (network !== 'bridge') return []
  const attributes = { name: network, type: 'bridge', container: id }
  return [{ type: 'network', action, actor: network, attributes }]
}

/** A container that ran was removed with all that it used. */
export function removalEvents(subject: Subject): readonly NewEvent[] {
  return [...networkEvents(subject, 'disconnect'), containerEvent(subject, 'destroy')]
}

/** Finds the container of an ID, for a process that knows nothing else. */
export function findSubject(
  { containers }: Pick<Records, 'containers'>,
  id: string,
): Subject | undefined {
  const record = containers.get(id)
  return record && { id, name: record.name, settings: readSettings(record) }
}
