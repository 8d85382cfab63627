import type { RegistryConfig } from '../config.ts'
import type { Conflict } from './conflict.ts'

/** Returns the faults between keys about telling others what happens. */
export function observeConflicts({ webhooks = [] }: RegistryConfig): readonly Conflict[] {
  const names = webhooks.map(({ name }) => name)
  return webhooks.flatMap(({ name, url, allowPrivate, timeout }, index) => {
    const at = (key: string, message: string): Conflict => ({
      path: ['webhooks', index, key],
      message,
    })
    const isRepeated = names.indexOf(name) < index
    const isPlain = url.startsWith('http:') && allowPrivate !== true
    const isOdd = timeout !== undefined && (timeout < 1 || timeout > 600_000)
    return [
      ...(isRepeated ? [at('name', 'an earlier webhook has the same')] : []),
      ...(isPlain ? [at('url', 'expected https://, or allowPrivate for your own network')] : []),
      ...(isOdd ? [at('timeout', 'expected 1ms to 10m')] : []),
    ]
  })
}
