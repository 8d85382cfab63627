import type { ContainerSettings } from '../model/settings.ts'
import { fillTag, type TaggedContainer } from './tag.ts'

interface Described extends TaggedContainer {
  readonly settings: Pick<ContainerSettings, 'image' | 'log' | 'labels' | 'env'>
}

/**
 * The labels and variables that the options of the log name, and the tag, which has a field of its own in
 * the journal. Absent ones are left out.
 */
export function logAttributes(container: Described): Readonly<Record<string, string>> | undefined {
  const { log, labels, env } = container.settings
  const chosen = (log.labels ?? []).flatMap((name) => {
    const value = labels[name]
    return value === undefined ? [] : [[name, value] as const]
  })
  const variables = (log.env ?? []).flatMap((name) => {
    const entry = env.find((one) => one.startsWith(`${name}=`))
    return entry === undefined ? [] : [[name, entry.slice(name.length + 1)] as const]
  })
  const hasTag = log.tag !== undefined && log.driver !== 'journald'
  const tag = hasTag ? [['tag', fillTag(log.tag, container)] as const] : []
  const all = [...chosen, ...variables, ...tag]
  return all.length === 0 ? undefined : Object.fromEntries(all)
}

/** The attributes as `logs --details` prints them: in order, escaped as in a URL. */
export function formatAttributes(attributes: Readonly<Record<string, string>>): string {
  return Object.entries(attributes)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map((pair) => pair.map(encodeURIComponent).join('='))
    .join(',')
}
