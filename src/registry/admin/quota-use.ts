import type { QuotaConfig } from '../config/content-config.ts'
import type { RegistryLedger } from '../store/ledger.ts'
import type { QuotaUse } from './admin.ts'

/** The most users whose use is shown. */
const mostUsers = 200

/** Returns how much of each quota is used; that of users for each of `users`. */
export async function quotaUse(
  ledger: Pick<RegistryLedger, 'usage' | 'usageOf'>,
  quotas: readonly QuotaConfig[],
  users: readonly string[],
): Promise<readonly QuotaUse[]> {
  const uses = quotas.map(async ({ prefix, eachUser, bytes }): Promise<readonly QuotaUse[]> => {
    if (eachUser !== true) {
      const used = (await ledger.usage(prefix)).bytes
      return [{ of: prefix ?? 'the whole registry', bytes, used }]
    }
    return await Promise.all(
      users.slice(0, mostUsers).map(async (name) => ({
        of: `user ${name}`,
        bytes,
        used: await ledger.usageOf(name),
      })),
    )
  })
  return (await Promise.all(uses)).flat()
}
