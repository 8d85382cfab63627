import { openDirectoryStore } from '#content'
import type { DatabaseFacts } from '#facts'
import { StrakeError } from '#oci'
import { pathExists } from '#platform'
import { openRecords } from '#records'
import { silent } from '#stream'
import { cacheFilesOf } from './build-services/cache-files.ts'
import { restoringStore } from './content/restoring-store.ts'
import type { Engine } from './engine.ts'
import { holdsContent } from './facts.ts'
import { findRuntime } from './host/find-runtime.ts'
import { makePrivate } from './host/private-directory.ts'
import { findRoots, type RootsOptions } from './host/roots.ts'
import { findSnapshotter } from './host/snapshotter-choice.ts'
import { version } from './host/version.ts'

export interface EngineOptions extends RootsOptions {
  /** `crun`, `runc` or a path. Default: the best one that works here. */
  readonly runtime?: string | undefined
  /** `erofs` or `directory`. Default: `$STRAKE_SNAPSHOTTER`, else the best one that works here. */
  readonly snapshotter?: string | undefined
  /** Called in place of the global `fetch`. */
  readonly fetch?: ((request: Request) => Promise<Response>) | undefined
}

/**
 * Opens the store, and creates it if it is absent. Throws `UNAVAILABLE` if it cannot be
 * written, `CONFLICT` if it would be created among foreign files, `INVALID` for an unknown
 * kind of snapshots.
 */
export async function openEngine(options: EngineOptions = {}): Promise<Engine> {
  const { root, run } = findRoots(options)
  const env = options.env ?? process.env
  const kind = findSnapshotter(options.snapshotter, env)
  makePrivate({ root, run })
  const store = await openDirectoryStore(root)
  const records = openRecords(`${root}/strake.db`, {
    holdsContent: () => holdsContent(root),
    freeCaches: () => removeNow(cacheFilesOf({ root })),
  })
  const snapshots = once(async () => {
    const { openSnapshots } = await import('#snapshot/open')
    return await openSnapshots(root, run, kind === undefined ? {} : { kind })
  })
  const networks = once(async () => {
    const { openNetworks } = await import('#network/networks')
    return openNetworks({ run, proxiesPorts: respectsFirewall(env) })
  })
  const runtime = once(() => findRuntime({ run }, options.runtime))
  const registry: Engine['registry'] = async (host, emit = silent, { insecure = false } = {}) => {
    const { connectRegistry } = await import('#registry/client/connect')
    const { credentialsFromConfig } = await import('#registry/credentials/source')
    return connectRegistry(host, {
      credentials: credentialsFromConfig(env, { emit }),
      retry: { onRetry: (message) => emit({ type: 'warning', message }) },
      userAgent: `strake/${version}`,
      fetch: options.fetch,
      insecure,
    })
  }
  const content = restoringStore(store, {
    records,
    restore: async (blob, signal) => {
      const { restoreBlob } = await import('./content/restore-blob.ts')
      return await restoreBlob({ root, content: store, records, registry }, blob, signal)
    },
  })
  let facts: Promise<DatabaseFacts> | undefined
  const engine: Engine = {
    root,
    run,
    content,
    records,
    // A process of this program that gets these variables makes the same choice.
    env: kind === undefined ? env : { ...env, STRAKE_SNAPSHOTTER: kind },
    snapshots,
    networks,
    runtime,
    registry,
    registryFacts() {
      facts ??= import('#facts/sqlite/open').then(({ openSqliteFacts }) =>
        openSqliteFacts(`${root}/registry`),
      )
      return facts
    },
    async openImage({ digest, mediaType, size }) {
      const { openImage } = await import('#image/image')
      return await openImage(content, { mediaType, digest, size })
    },
    async [Symbol.asyncDispose]() {
      await (await facts)?.[Symbol.asyncDispose]()
      records.close()
    },
  }
  if (records.loss.get()?.isRestored === false) {
    const { restoreFacts } = await import('./store/restore-facts.ts')
    await restoreFacts(engine)
  }
  return engine
}

/** Reads `$STRAKE_PORT_FIREWALL`. Throws `INVALID`. */
function respectsFirewall(env: Engine['env']): boolean {
  const text = env['STRAKE_PORT_FIREWALL'] || 'bypass'
  if (text === 'respect' || text === 'bypass') return text === 'respect'
  throw new StrakeError(
    'INVALID',
    `Cannot use STRAKE_PORT_FIREWALL=${text}: expected respect or bypass`,
  )
}

/** Removes a tree without a rename, because a full disk may allow no write. Returns false if it is absent. */
function removeNow(path: string): boolean {
  if (!pathExists(path)) return false
  process.getBuiltinModule('node:fs').rmSync(path, { recursive: true, force: true })
  return true
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}
