import type { EventRecord } from '#records'
import { hasLabel, type LabelCondition } from '../filter/labels.ts'

/** Which events to show. A list that is absent lets every event pass; of a list, one entry must match. */
export interface EventFilter {
  readonly types?: readonly string[] | undefined
  /** `health_status` stands for all its values. */
  readonly actions?: readonly string[] | undefined
  /** Names of containers, IDs, or the beginning of either; so are the next three. */
  readonly containers?: readonly string[] | undefined
  readonly volumes?: readonly string[] | undefined
  readonly networks?: readonly string[] | undefined
  /** Images also match the containers that were made from them, with or without a tag. */
  readonly images?: readonly string[] | undefined
  /** All of these. */
  readonly labels?: readonly LabelCondition[] | undefined
}

export function matchesEvent(filter: EventFilter, event: EventRecord): boolean {
  const { action, type, attributes } = event
  const isAction = (wanted: string): boolean => action === wanted || action.startsWith(`${wanted}:`)
  return (
    passes(filter.types, (wanted) => type === wanted) &&
    passes(filter.actions, isAction) &&
    passes(filter.containers, isSubject(event, 'container')) &&
    passes(filter.volumes, isSubject(event, 'volume')) &&
    passes(filter.networks, isSubject(event, 'network')) &&
    passes(filter.images, isImage(event)) &&
    (filter.labels ?? []).every((label) => hasLabel(attributes, label))
  )
}

function passes(
  list: readonly string[] | undefined,
  matches: (wanted: string) => boolean,
): boolean {
  return list === undefined || list.some(matches)
}

function isSubject(
  { type, actor, attributes }: EventRecord,
  kind: string,
): (wanted: string) => boolean {
  return (wanted) =>
    type === kind &&
    wanted !== '' &&
    (actor.startsWith(wanted) || attributes['name']?.startsWith(wanted) === true)
}

function isImage({ type, actor, attributes }: EventRecord): (wanted: string) => boolean {
  const name = attributes[type === 'image' ? 'name' : 'image'] ?? ''
  const known = new Set([name, withoutTag(name), ...(type === 'image' ? [actor] : [])])
  return (wanted) => wanted !== '' && (known.has(wanted) || known.has(`sha256:${wanted}`))
}

/** `localhost:5000/app:1` is `localhost:5000/app` without its tag. */
function withoutTag(name: string): string {
  const colon = name.lastIndexOf(':')
  return colon > name.lastIndexOf('/') ? name.slice(0, colon) : name
}
