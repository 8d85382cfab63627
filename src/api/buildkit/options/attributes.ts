import { splitCsv } from '#dockerfile/csv'
import { withSuggestion } from '#dockerfile/suggest'
import { StrakeError } from '#oci'

/** The attributes of a frontend, by their keys. */
export type Attributes = Readonly<Record<string, string>>

/** Every attribute that BuildKit's frontend for Dockerfiles has. */
const keys: ReadonlySet<string> = new Set(
  (
    'filename target platform no-cache image-resolve-mode add-hosts force-network-mode shm-size ' +
    'ulimit cgroup-parent memory memswap cpushares cpuperiod cpuquota cpusetcpus cpusetmems ' +
    'cache-from cache-imports multi-platform hostname context contextkey dockerfilekey requestid ' +
    'frontend.caps source cmdline'
  ).split(' '),
)

/** The beginnings of keys that have a name at their end. */
const prefixes = [
  'build-arg:',
  'label:',
  'context:',
  'local-sessionid:',
  'sharedkey:localdir:',
  'attest:',
  'vcs:',
  'input-metadata:',
] as const
type Prefix = (typeof prefixes)[number]

/** Refuses attributes that would be ignored. Throws `INVALID`. */
export function checkAttributes(attributes: Attributes): void {
  for (const key of Object.keys(attributes)) {
    if (keys.has(key) || prefixes.some((prefix) => key.startsWith(prefix))) continue
    throw refuse(key, withSuggestion('this frontend has no such option', key, [...keys]))
  }
}

/** The attribute, `undefined` when it is absent or empty. */
export function textOf(attributes: Attributes, key: string): string | undefined {
  return (Object.hasOwn(attributes, key) && attributes[key]) || undefined
}

/** The attributes whose keys begin with `prefix`, by the rest of their keys. */
export function named(attributes: Attributes, prefix: Prefix): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(attributes).flatMap(([key, value]) =>
      key.startsWith(prefix) ? [[key.slice(prefix.length), value] as const] : [],
    ),
  )
}

/** The values of a list in CSV. Throws `INVALID`. */
export function listOf(attributes: Attributes, key: string): readonly string[] {
  const text = textOf(attributes, key)
  const words = text === undefined ? [] : splitCsv(text)
  if (words === undefined) throw refuse(key, 'a quote is not closed')
  return words
}

/** The error for an attribute. */
export function refuse(key: string, reason: string): StrakeError {
  return new StrakeError('INVALID', `Cannot use the build option ${JSON.stringify(key)}: ${reason}`)
}
