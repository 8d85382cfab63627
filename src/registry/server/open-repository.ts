import type { Registry, Repository } from '../registry.ts'
import type { RegistryHandlerOptions } from './context.ts'

interface Parts {
  readonly registry: Registry
  readonly options: Pick<RegistryHandlerOptions, 'rules'>
}

/** Opens a repository for changes by a sender, under the rules of the server. */
export function openRepository(
  { registry, options: { rules } }: Parts,
  name: string,
  sender: string | undefined,
): Repository {
  if (rules === undefined) return registry.repository(name, { sender })
  return registry.repository(name, {
    sender,
    fixedBy: (tag) => rules.fixedBy(name, tag),
    quotas: rules.quotasOf(name, sender),
  })
}
