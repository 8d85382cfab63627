import { hasLabel, type LabelCondition } from './labels.ts'

/** Conditions of a prune. It removes only what meets all of them. */
export interface PruneFilter {
  /** The object was created, or was named in this store, before each of these instants. */
  readonly until?: readonly Date[] | undefined
  readonly labels?: readonly LabelCondition[] | undefined
  /** Forbidden labels. */
  readonly withoutLabels?: readonly LabelCondition[] | undefined
}

/** An object that a prune filter tests. */
export interface PruneSubject {
  /** The time of creation, or the time at which this store named the image; milliseconds since 1970. */
  readonly at: number
  readonly labels: Readonly<Record<string, string>>
}

export function passesPruneFilter(filter: PruneFilter, { at, labels }: PruneSubject): boolean {
  const { until = [], labels: wanted = [], withoutLabels = [] } = filter
  return (
    until.every((instant) => at < instant.getTime()) &&
    wanted.every((condition) => hasLabel(labels, condition)) &&
    !withoutLabels.some((condition) => hasLabel(labels, condition))
  )
}
