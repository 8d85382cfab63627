import { formatGoJson } from '#oci'
import { printedEntry } from './bake-entries.ts'
import type { BakePlan } from './bake-plan.ts'
import { type BakeTarget, type BakeValue, isTexts, targetKeys } from './bake-target.ts'

/** A value as buildx prints it, with sorted names. */
export function printedValue(key: string, value: BakeValue): unknown {
  if (Array.isArray(value)) {
    return value.map((one) => (typeof one === 'string' ? one : printedEntry(key, one)))
  }
  if (!isTexts(value)) return value
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** Keys whose texts are written as templates, so that the output is a bake file in JSON. */
const escaped = ['annotations', 'dockerfile-inline', 'labels', 'args', 'extra-hosts']

const escapeText = (text: string): string => text.replaceAll(/[$%](?=\{)/g, (mark) => mark + mark)

function escapeValue(value: unknown): unknown {
  if (typeof value === 'string') return escapeText(value)
  if (Array.isArray(value)) return value.map(escapeValue)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, escapeValue(one)]))
}

function printedTarget(target: BakeTarget): unknown {
  const entries = Object.keys(targetKeys).flatMap((key): [string, unknown][] => {
    const value = target[key]
    if (value === undefined || (key === 'description' && value === '')) return []
    const printed = printedValue(key, value)
    const isEmpty = typeof printed === 'object' && Object.keys(printed ?? {}).length === 0
    return isEmpty ? [] : [[key, escaped.includes(key) ? escapeValue(printed) : printed]]
  })
  return Object.fromEntries(entries)
}

const byName = <T>([a]: readonly [string, T], [b]: readonly [string, T]): number => (a < b ? -1 : 1)

/** The text of `bake --print`, in JSON. */
export function printPlan({ groups, targets }: BakePlan): string {
  const printedGroups = Object.entries(groups)
    .map(([name, { description, targets: members }]) => {
      const fields = { ...(description && { description }), targets: members }
      return [name, fields] as const
    })
    .sort(byName)
  const printedTargets = targets
    .map(({ name, target }) => [name, printedTarget(target)] as const)
    .sort(byName)
  const group = printedGroups.length === 0 ? {} : { group: Object.fromEntries(printedGroups) }
  return formatGoJson({ ...group, target: Object.fromEntries(printedTargets) }, 2)
}
