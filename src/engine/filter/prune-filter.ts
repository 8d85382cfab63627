import { hasLabel, type LabelCondition } from './labels.ts'

/** What a prune may remove: only what meets every condition. */
export interface PruneFilter {
  /** Made, or named here, before each of these instants. */
  readonly until?: readonly Date[] | undefined
  readonly labels?: readonly LabelCondition[] | undefined
  /** Labels that must not be there. */
  readonly withoutLabels?: readonly LabelCondition[] | undefined
}

/** What a prune filter is asked about. */
export interface PruneSubject {
  /** When it was made; of an image, when it got its name here. Milliseconds since 1970. */
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
