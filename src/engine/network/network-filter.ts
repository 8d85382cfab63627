import { hasLabel, type LabelCondition } from '../filter/labels.ts'

/** Which networks to list. A member that is absent lets every network pass. */
export interface NetworkFilter {
  /** True: those that no container uses and that a user has made; false: the others. */
  readonly dangling?: boolean | undefined
  readonly drivers?: readonly string[] | undefined
  /** Beginnings of IDs. */
  readonly ids?: readonly string[] | undefined
  /** All of these. */
  readonly labels?: readonly LabelCondition[] | undefined
  /** Parts of names; one must match. */
  readonly names?: readonly string[] | undefined
  readonly scopes?: readonly string[] | undefined
  readonly types?: readonly ('builtin' | 'custom')[] | undefined
}

/** The facts of a network that a filter tests. */
export interface NetworkSubject {
  readonly id: string
  readonly name: string
  readonly driver: string
  readonly labels: Readonly<Record<string, string>>
  readonly isBuiltIn: boolean
}

export function passesNetworkFilter(
  filter: NetworkFilter,
  network: NetworkSubject,
  isUsed: boolean,
): boolean {
  const { dangling, drivers, ids, labels = [], names, scopes, types } = filter
  const { id, name, driver, isBuiltIn } = network
  return (
    (dangling === undefined || dangling === (!isUsed && !isBuiltIn)) &&
    (drivers === undefined || drivers.includes(driver)) &&
    (ids === undefined || ids.some((start) => id.startsWith(start))) &&
    (names === undefined || names.some((part) => name.includes(part))) &&
    (scopes === undefined || scopes.includes('local')) &&
    (types === undefined || types.includes(isBuiltIn ? 'builtin' : 'custom')) &&
    labels.every((label) => hasLabel(network.labels, label))
  )
}
