import type { EventActions, NewEvent, Records } from '#records'
import { type Container, readSettings } from './record.ts'

type Subject = Pick<Container, 'id' | 'name' | 'settings'>

/** Records an event of one container. */
export type NoteEvent = (
  action: EventActions['container'],
  attributes?: Readonly<Record<string, string>>,
) => Promise<void>

/** Makes an event of a container, with its labels, name and image. */
export function containerEvent(
  { id, name, settings }: Subject,
  action: EventActions['container'],
  more: Readonly<Record<string, string>> = {},
): NewEvent {
  const { labels, image } = settings
  const attributes = { ...labels, image: image.reference, name, ...more }
  return { type: 'container', action, actor: id, attributes }
}

/** Returns the event of a container that joins or leaves the bridge; none for other networks. */
export function networkEvents(
  { id, settings }: Subject,
  action: 'connect' | 'disconnect',
): readonly NewEvent[] {
  const { network } = settings
  if (network !== 'bridge') return []
  const attributes = { name: network, type: 'bridge', container: id }
  return [{ type: 'network', action, actor: network, attributes }]
}

/** Returns the events for the removal of a container. */
export function removalEvents(subject: Subject): readonly NewEvent[] {
  return [...networkEvents(subject, 'disconnect'), containerEvent(subject, 'destroy')]
}

/** Finds the container with this ID. For a monitor, which has not opened the store. */
export function findSubject(
  { containers }: Pick<Records, 'containers'>,
  id: string,
): Subject | undefined {
  const record = containers.get(id)
  return record && { id, name: record.name, settings: readSettings(record) }
}
