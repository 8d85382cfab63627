import { hasLabel, type LabelCondition } from './labels.ts'

/** Conditions of a prune. It removes only what meets all of them. */
export interface PruneFilter {
  /** The thing was made, or got its name here, before each of these instants. */
  readonly until?: readonly Date[] | undefined
  readonly labels?: readonly LabelCondition[] | undefined
  /** Forbidden labels. */
  readonly withoutLabels?: readonly LabelCondition[] | undefined
}

/** A thing that a prune filter judges. */
export interface PruneSubject {
  /** When it was made, or when an image got its name here: milliseconds since 1970. */
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
