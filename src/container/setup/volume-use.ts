import type { Records } from '#records'
import { readSettings } from '../model/record.ts'

/** The volumes that containers name, which a removal of another container must leave. */
export function namedVolumes({ containers }: Pick<Records, 'containers'>): ReadonlySet<string> {
  const mounts = containers.list().flatMap((record) => readSettings(record).mounts)
  const volumes = mounts.filter(({ type }) => type === 'volume')
  return new Set(volumes.flatMap(({ source }) => source ?? []))
}
