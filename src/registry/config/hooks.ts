import type { Hook } from '../notify/hook.ts'
import { parseSecrets } from '../notify/sign.ts'
import { repositoryGlob } from '../policy/glob.ts'
import { readNamedFile } from './named-file.ts'
import type { WebhookConfig } from './observe-config.ts'

const day = 86_400_000

/** Returns the hooks of a configuration. Throws `INVALID` for a secret that cannot be used. */
export async function openHooks(webhooks: readonly WebhookConfig[]): Promise<readonly Hook[]> {
  const hooks = webhooks.map(hookOf)
  for (const { secrets } of hooks) await secrets()
  return hooks
}

function hookOf(config: WebhookConfig): Hook {
  const { name, url, events, repositories, secretFile, allowPrivate } = config
  return {
    name,
    url: new URL(url),
    kinds: events ?? ['push', 'tag', 'delete'],
    repositories: repositories?.map(repositoryGlob),
    secrets: async () =>
      secretFile === undefined ? [] : parseSecrets(await readNamedFile(secretFile)),
    allowsPrivate: allowPrivate === true,
    timeout: config.timeout ?? 10_000,
    batch: config.batch ?? 100,
    giveUpAfter: config.giveUpAfter ?? day,
  }
}
