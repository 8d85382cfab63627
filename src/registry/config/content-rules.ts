import { readInUse } from '../collect/in-use.ts'
import type { RetentionRule } from '../collect/retention.ts'
import type { CollectSettings } from '../collect/schedule.ts'
import { repositoryGlob, textGlob } from '../policy/glob.ts'
import type { ChangeRules } from '../server/context.ts'
import type { Quota } from '../store/facts.ts'
import type { ContentConfig, QuotaConfig } from './content-config.ts'

const hour = 3_600_000

/** Returns how the server collects, or `undefined` if the configuration does not ask for it. */
export function collectSettings(config: ContentConfig): CollectSettings | undefined {
  const { collect, retention = [] } = config
  const inUseFile = collect?.inUseFile
  if (collect === undefined && retention.length === 0) return undefined
  return {
    interval: collect?.interval ?? hour,
    keepManifests: collect?.untagged ?? 7 * 24 * hour,
    keepBlobs: collect?.unused ?? 24 * hour,
    readInUse: inUseFile === undefined ? undefined : () => readInUse(inUseFile),
    fixedBy: changeRules(config)?.fixedBy,
    retention: retention.map(
      ({ repositories, tags, keep }): RetentionRule => ({
        repositories: repositories.map(repositoryGlob),
        tags: tags?.map(textGlob),
        keep,
      }),
    ),
  }
}

/** Returns the prefixes of the caches and the most bytes of them, or `undefined` without caches. */
export function trimSettings({
  proxy,
}: ContentConfig):
  | { readonly prefixes: readonly string[]; readonly maxSize?: number | undefined }
  | undefined {
  const { maxSize, upstreams = [] } = proxy ?? {}
  if (upstreams.length === 0) return undefined
  return { prefixes: upstreams.map(({ name }) => name), maxSize }
}

/** Returns the rules for changes, or `undefined` if the configuration has none. */
export function changeRules(config: ContentConfig): ChangeRules | undefined {
  const { fixedTags = [], quotas = [] } = config
  if (fixedTags.length === 0 && quotas.length === 0) return undefined
  const fixed = fixedTags.map(({ repositories, tags }) => ({
    repositories: repositories.map(repositoryGlob),
    tags: tags.map((glob) => ({ glob, pattern: textGlob(glob) })),
  }))
  return {
    fixedBy(repository, tag) {
      for (const rule of fixed) {
        if (!rule.repositories.some((each) => each.test(repository))) continue
        const found = rule.tags.find(({ pattern }) => pattern.test(tag))
        if (found !== undefined) return `tags ${found.glob} are fixed`
      }
      return undefined
    },
    quotasOf: (repository, sender) =>
      quotas.flatMap((quota) => quotaFor(quota, repository, sender) ?? []),
  }
}

function quotaFor(
  { prefix, eachUser = false, bytes }: QuotaConfig,
  repository: string,
  sender: string | undefined,
): Quota | undefined {
  if (eachUser) {
    if (sender === undefined) return undefined
    return { name: `the quota of user ${sender}`, of: { sender }, bytes }
  }
  const isBelow =
    prefix === undefined || repository === prefix || repository.startsWith(`${prefix}/`)
  if (!isBelow) return undefined
  const name = prefix === undefined ? 'the quota of the registry' : `the quota of ${prefix}`
  return { name, of: { prefix: prefix ?? '' }, bytes }
}
