import type { EventFilter } from '#engine/events/event-filter'
import { type ConditionTable, groupConditions, parseLabelCondition } from './conditions.ts'

/** Kinds of objects of which there are none: no event is about them. */
const absent = ['config', 'daemon', 'node', 'plugin', 'secret', 'service'] as const

type Key =
  | ('container' | 'event' | 'image' | 'label' | 'network' | 'scope' | 'type' | 'volume')
  | (typeof absent)[number]

const table: ConditionTable<Key> = {
  action: 'filter events',
  keys: ['container', 'event', 'image', 'label', 'network', 'scope', 'type', 'volume', ...absent],
  remedy:
    'use container=NAME, event=ACTION, image=NAME, label=KEY[=VALUE], network=NAME, type=TYPE or volume=NAME',
}

/** Reads Docker's conditions on events. Throws `INVALID` for an unknown one. */
export function parseEventFilters(words: readonly string[]): EventFilter {
  const values = groupConditions(words, table)
  // Every event of a store without a swarm is local.
  const isElsewhere =
    values.get('scope')?.includes('local') === false || absent.some((kind) => values.has(kind))
  return {
    types: isElsewhere ? [] : values.get('type'),
    actions: values.get('event'),
    containers: values.get('container'),
    images: values.get('image'),
    networks: values.get('network'),
    volumes: values.get('volume'),
    labels: values.get('label')?.map(parseLabelCondition),
  }
}
