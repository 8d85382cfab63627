/** A required label; with `value`, the label must have that value. */
export interface LabelCondition {
  readonly key: string
  readonly value?: string | undefined
}

export function hasLabel(
  labels: Readonly<Record<string, string>>,
  { key, value }: LabelCondition,
): boolean {
  return Object.hasOwn(labels, key) && (value === undefined || labels[key] === value)
}
