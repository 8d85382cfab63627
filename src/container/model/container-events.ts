import type { EventActions, NewEvent, Records } from '#records'
import { type Container, readSettings } from './record.ts'
import { networksOf } from './settings.ts'

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

type NetworkLookup = Pick<Records, 'networks'>

/** Returns the events of a container that joins or leaves its bridges; none for other networks. */
export function networkEvents(
  records: NetworkLookup,
  { id, settings }: Subject,
  action: 'connect' | 'disconnect',
): readonly NewEvent[] {
  return networksOf(settings).map(({ name }) =>
    networkEvent(records, { name, container: id }, action),
  )
}

/** Makes the event of a container that joins or leaves one network. */
export function networkEvent(
  { networks }: NetworkLookup,
  { name, container }: { readonly name: string; readonly container: string },
  action: 'connect' | 'disconnect',
): NewEvent {
  const { id = name, driver = 'bridge' } = networks.get(name) ?? {}
  return { type: 'network', action, actor: id, attributes: { name, type: driver, container } }
}

/** Finds the container with this ID. For a monitor, which has not opened the store. */
export function findSubject(
  { containers }: Pick<Records, 'containers'>,
  id: string,
): Subject | undefined {
  const record = containers.get(id)
  return record && { id, name: record.name, settings: readSettings(record) }
}
