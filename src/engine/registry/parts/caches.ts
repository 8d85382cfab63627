import { StrakeError } from '#oci'
import { createProxy, type Upstream } from '#registry'
import type { ProxyConfig, UpstreamConfig } from '#registry/config/content-config'
import { repositoryGlob, textGlob } from '#registry/policy/glob'
import type { ServedRegistry } from '#server'
import type { Engine } from '../../engine.ts'

const minute = 60_000

/**
 * Adds caches of other registries, which are asked with the credentials of the user who serves.
 * Throws `INVALID` for a mirror of a registry that is not cached.
 */
export async function withCaches(
  engine: () => Promise<Engine>,
  served: ServedRegistry,
  { mirror, upstreams: configured = [] }: ProxyConfig,
): Promise<ServedRegistry> {
  if (mirror !== undefined && !configured.some(({ name }) => name === mirror)) {
    throw new StrakeError('INVALID', `Cannot be a mirror of ${mirror}: it is not cached`, {
      remedy: `add --proxy ${mirror}, or an upstream of that name to the configuration`,
    })
  }
  if (configured.length === 0) return served
  const connecting = await engine()
  const upstreams = await Promise.all(configured.map((each) => connect(connecting, each)))
  return {
    ...served,
    registry: createProxy(served.registry, { upstreams, mirror }),
    isCached: (name) => upstreams.some(({ prefix }) => prefix === name),
  }
}

async function connect(engine: Engine, config: UpstreamConfig): Promise<Upstream> {
  const { name, url = `https://${name}`, ttl = minute, path, maxBlobSize } = config
  const { host, protocol } = new URL(url)
  const insecure = protocol === 'http:'
  return {
    prefix: name,
    registry: await engine.registry(host, undefined, { insecure }),
    ttl,
    path,
    repositories: config.repositories?.map(repositoryGlob),
    tags: config.tags?.map(textGlob),
    maxBlobSize,
  }
}
