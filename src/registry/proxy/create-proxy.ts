import { StrakeError } from '#oci'
import { parseName } from '../endpoints.ts'
import type { Opening, Registry, Repository } from '../registry.ts'
import { ProxyRepository } from './proxy-repository.ts'
import { createProxyState } from './proxy-state.ts'
import { openRemote } from './remote.ts'
import { canonicalName, checkServed, isUnknown, remoteName, type Upstream } from './upstream.ts'

export interface ProxyOptions {
  readonly upstreams: readonly Upstream[]
  /**
   * The prefix of the upstream that is asked for names that have none and are not in the registry,
   * which is how Docker asks a mirror.
   */
  readonly mirror?: string | undefined
  /** Milliseconds that an upstream has to begin an answer. Default: 30,000. */
  readonly patience?: number | undefined
  /** Returns milliseconds. */
  readonly now?: (() => number) | undefined
}

/**
 * Makes a registry whose repositories below the prefix of an upstream are caches of it, beside the
 * repositories that are pushed.
 */
export function createProxy(
  local: Registry,
  { upstreams, mirror, now = Date.now, patience }: ProxyOptions,
): Registry {
  const state = createProxyState(now)
  const open = (upstream: Upstream, asked: string, opening: Opening): Repository => {
    const rest = canonicalName(upstream, asked)
    checkServed(upstream, rest)
    const name = `${upstream.prefix}/${rest}`
    return new ProxyRepository(name, {
      local: local.repository(name),
      remote: openRemote(
        upstream.registry.repository(remoteName(upstream, rest), {
          traceparent: opening.traceparent,
        }),
        upstream,
        patience,
      ),
      upstream,
      state,
      opening,
    })
  }
  const openAllowed = async (
    upstream: Upstream,
    rest: string,
    opening: Opening,
  ): Promise<Repository> => {
    const mirror = open(upstream, rest, opening)
    if ((await opening.mayPull?.(mirror.name)) ?? true) return mirror
    // As if the mirror did not have it: its name is not told to those who may not see it.
    throw new StrakeError('NAME_UNKNOWN', `Cannot find ${rest}: repository unknown`)
  }
  // The longest prefix first, so that one may lie inside another.
  const sorted = upstreams.toSorted((one, other) => other.prefix.length - one.prefix.length)
  const mirrored = upstreams.find(({ prefix }) => prefix === mirror)
  return {
    repository(name, opening = {}) {
      parseName(name)
      const upstream = sorted.find(({ prefix }) => name.startsWith(`${prefix}/`))
      if (upstream !== undefined) {
        return open(upstream, name.slice(upstream.prefix.length + 1), opening)
      }
      const pushed = local.repository(name, opening)
      if (mirrored === undefined) return pushed
      return orMirror(pushed, () => openAllowed(mirrored, name, opening))
    },
    repositories: (options) => local.repositories(options),
  }
}

/** Reads of what the registry does not have go to the mirror. Everything else stays here. */
function orMirror(pushed: Repository, openMirror: () => Promise<Repository>): Repository {
  let mirror: Promise<Repository> | undefined
  const other = (): Promise<Repository> => {
    mirror ??= openMirror()
    return mirror
  }
  const first = async <T>(work: (repository: Repository) => Promise<T>): Promise<T> => {
    try {
      return await work(pushed)
    } catch (error) {
      if (!isUnknown(error)) throw error
      return await work(await other())
    }
  }
  const choose = async (target: Parameters<Repository['has']>[0]): Promise<Repository> =>
    (await pushed.has(target)) ? pushed : await other()
  return {
    name: pushed.name,
    has: async (target) => (await choose(target)).has(target),
    async *read(target, options) {
      yield* (await choose(target)).read(target, options)
    },
    resolve: (reference, signal) => first((each) => each.resolve(reference, signal)),
    readManifest: (reference, signal) => first((each) => each.readManifest(reference, signal)),
    resolveBlob: (digest, signal) => first((each) => each.resolveBlob(digest, signal)),
    async *tags(options) {
      const tags = await first(async (each) => Array.fromAsync(each.tags(options)))
      yield* tags
    },
    async *referrers(subject, options) {
      let found = false
      for await (const referrer of pushed.referrers(subject, options)) {
        found = true
        yield referrer
      }
      if (!found) yield* (await other()).referrers(subject, options)
    },
    write: (expected, bytes, options) => pushed.write(expected, bytes, options),
    writeOpaqueManifest: (target, bytes) => pushed.writeOpaqueManifest(target, bytes),
    ingest: (options) => pushed.ingest(options),
    mount: (digest, options) => pushed.mount(digest, options),
    tag: (tag, target, signal) => pushed.tag(tag, target, signal),
    untag: (tag) => pushed.untag(tag),
    delete: (target) => pushed.delete(target),
  }
}
