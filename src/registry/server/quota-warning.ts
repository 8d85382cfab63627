import type { Context } from './context.ts'

/** The part of a quota from which pushes are answered with a warning. */
const share = 0.8

/**
 * Returns the `Warning` header for a push into a repository whose quota is nearly used, or
 * `undefined`. Clients of Docker and containerd print or log it.
 *
 * @see https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#warnings
 */
export async function quotaWarning(
  { options: { rules, ledger }, grant }: Context,
  repository: string,
): Promise<string | undefined> {
  if (rules === undefined || ledger === undefined) return undefined
  const nearly: string[] = []
  for (const { name, of, bytes } of rules.quotasOf(repository, grant.name)) {
    const used =
      'prefix' in of ? (await ledger.usage(of.prefix)).bytes : await ledger.usageOf(of.sender)
    if (used >= bytes * share) nearly.push(`${name} is ${Math.floor((100 * used) / bytes)} % used`)
  }
  return nearly.length === 0 ? undefined : `299 - "${nearly.join(', ').replaceAll(/["\\]/g, '')}"`
}
