import type { ContainerSettings } from '../model/settings.ts'

type Described = Pick<ContainerSettings, 'log' | 'labels' | 'env'>

/** The labels and variables that the options of the log name. Absent ones are left out. */
export function logAttributes({
  log,
  labels,
  env,
}: Described): Readonly<Record<string, string>> | undefined {
  const chosen = (log.labels ?? []).flatMap((name) => {
    const value = labels[name]
    return value === undefined ? [] : [[name, value] as const]
  })
  const variables = (log.env ?? []).flatMap((name) => {
    const entry = env.find((one) => one.startsWith(`${name}=`))
    return entry === undefined ? [] : [[name, entry.slice(name.length + 1)] as const]
  })
  const all = [...chosen, ...variables]
  return all.length === 0 ? undefined : Object.fromEntries(all)
}

/** The attributes as `logs --details` prints them: in order, escaped as in a URL. */
export function formatAttributes(attributes: Readonly<Record<string, string>>): string {
  return Object.entries(attributes)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map((pair) => pair.map(encodeURIComponent).join('='))
    .join(',')
}
