import { channel } from 'node:diagnostics_channel'
import { mkdir } from 'node:fs/promises'
import { type DirectoryStore, ingestLifetime, type LocalStore, openDirectoryStore } from '#content'
import { type DatabaseFacts, openSqliteFacts } from '#facts'
import type { Mount } from '#http'
import { StrakeError } from '#oci'
import { fileBlob, isSystemError, type Server } from '#platform'
import {
  type CollectEvents,
  type CollectedRegistry,
  type CollectSettings,
  createDirectoryUploads,
  createLocalRegistry,
  createRegistryHandler,
  type FetchHandler,
  openCollector,
  PullLog,
  type Registry,
  type RegistryAdmin,
  type RegistryHandler,
  type RegistryHandlerOptions,
  scheduleTrim,
  type TrimmedCache,
  type TrimReport,
  type UploadFacts,
} from '#registry'
import type { SharedAuth } from '#registry/access/open-auth'
import { type CacheAdminOptions, createCacheAdmin } from '#registry/admin/cache-admin'
import type { Outbox } from '#registry/notify/outbox'
import { createStoredOutbox } from '#registry/notify/stored-outbox'
import type { PageAuth } from '#registry/session/page-auth'
import { tokenPath } from '#registry/token/endpoint'
import { createWeb } from '#web'
import { type ListenOptions, listen } from './listen.ts'

const trimFailures = channel('registry:trim-failure')

/** The parts of a served registry. */
export interface ServedRegistry {
  readonly registry: Registry
  /** Its members, tags and ledger. */
  readonly facts: DatabaseFacts
  /** Uploads in progress, which outlive the server. */
  readonly uploads: UploadFacts
  /** Opens the events that wait for webhooks, which outlive the server. */
  readonly openOutbox: () => Outbox
  /** The content, unless its store has other users and a collection of its own. */
  readonly content: SweptStore | undefined
  /** Sends blobs as files of this machine. */
  readonly openBlob?: RegistryHandlerOptions['openBlob']
  /** Sends clients to another place for blobs. */
  readonly locate?: RegistryHandlerOptions['locate']
  /** Users, tokens and signing keys that all its servers share. Default: those in files. */
  readonly auth?: SharedAuth | undefined
  /** The clock of its facts, in milliseconds since 1970. Default: the system's clock. */
  readonly now?: (() => number) | undefined
  /** Throws if the place of the content does not answer. Default: it is on this machine. */
  readonly probe?: (() => Promise<void>) | undefined
  /** See `CollectedRegistry`. */
  readonly notesContent?: boolean | undefined
  /** Returns true for a registry that is cached under its own name. Default: none is. */
  readonly isCached?: ((registry: string) => boolean) | undefined
}

/** A store that can remove what crashes and cut uploads left. */
export interface SweptStore extends LocalStore {
  /** See `DirectoryStore` and `ObjectStore`. */
  sweep(olderThan: number): Promise<void>
}

/** Returns what a collection of a registry works on. */
export function collectedOf(served: ServedRegistry): CollectedRegistry {
  const { facts, content, now, notesContent } = served
  const { ledger, collection } = facts
  return { facts, ledger, collection, content, now, notesContent }
}

/** Returns how blobs of a directory are sent. */
export function fileSender(blobs: DirectoryStore): NonNullable<ServedRegistry['openBlob']> {
  return async (blob) => {
    const path = await blobs.provedPath(blob)
    return path === undefined ? undefined : fileBlob(path)
  }
}

/** A registry in a directory, whose blobs are files. */
export interface StoredRegistry extends ServedRegistry, AsyncDisposable {
  readonly blobs: DirectoryStore
}

/**
 * Opens a registry in a directory of its own. Makes the directory if it is absent. Throws `INVALID` for
 * a file.
 */
export async function openStoredRegistry(directory: string): Promise<StoredRegistry> {
  await mkdir(directory, { recursive: true, mode: 0o700 }).catch((cause: unknown) => {
    if (!isSystemError(cause, 'EEXIST', 'ENOTDIR')) throw cause
    const message = `Cannot store repositories in ${directory}: it is no directory`
    throw new StrakeError('INVALID', message, { cause })
  })
  const blobs = await openDirectoryStore(directory)
  // Removes unfinished uploads of killed servers.
  await blobs.sweep(ingestLifetime)
  const facts = await openSqliteFacts(`${directory}/repositories`)
  const registry = createLocalRegistry(blobs, facts)
  return {
    registry,
    facts,
    uploads: createDirectoryUploads(`${directory}/repositories/_uploads`),
    openOutbox: () => createStoredOutbox(`${directory}/repositories/_outbox.db`),
    content: blobs,
    blobs,
    openBlob: fileSender(blobs),
    [Symbol.asyncDispose]: () => facts[Symbol.asyncDispose](),
  }
}

export interface RegistryServerOptions extends ListenOptions, RegistryHandlerOptions {
  /** Default: the server removes nothing by itself. */
  readonly collect?: CollectSettings | undefined
  readonly collectEvents?: CollectEvents | undefined
  /** The prefixes of caches, and the most bytes of them together. Default: no caches. */
  readonly caches?: Pick<CacheAdminOptions, 'prefixes' | 'maxSize'> | undefined
  /** Called with what caches have lost to stay below their size. */
  readonly onTrimmed?: ((report: TrimReport) => void) | undefined
  /** Returns further handlers beside the registry. */
  readonly mounts?: ((handler: RegistryHandler) => readonly Mount[]) | undefined
  /** Quotas and tokens, for administrators. */
  readonly admin?: Pick<RegistryAdmin, 'quotas' | 'tokens'> | undefined
  /** Lets browsers sign in to the page. Default: they ask for a password. */
  readonly pages?: PageAuth | undefined
  /** The token service, if there is one. */
  readonly tokenEndpoint?: FetchHandler | undefined
}

/** How a server collects that does not do so by itself, when an administrator starts it. */
function manualCollection(rules: RegistryServerOptions['rules']): CollectSettings {
  const hour = 3_600_000
  return {
    keepManifests: 7 * 24 * hour,
    keepBlobs: 24 * hour,
    retention: [],
    fixedBy: rules?.fixedBy,
  }
}

/** Serves a registry until disposed. */
export async function serveRegistry(
  served: ServedRegistry,
  options: RegistryServerOptions,
): Promise<Server> {
  const { registry, facts, uploads, isCached, openBlob, locate } = served
  const pulls = new PullLog(facts.ledger)
  const { collect, collectEvents } = options
  const collector = openCollector(
    collectedOf(served),
    collect ?? manualCollection(options.rules),
    collectEvents,
  )
  const { caches, rules } = options
  const cache = { ...collectedOf(served), registry }
  const { now } = served
  const trimming = startTrimming(cache, { ...options, now })
  const handler = createRegistryHandler(registry, {
    uploads,
    ledger: facts.ledger,
    isCached,
    onPull: (pull) => pulls.note(pull),
    openBlob,
    locate,
    now: served.now,
    ...options,
  })
  const { tokenEndpoint } = options
  const tokens = tokenEndpoint === undefined ? [] : [{ path: tokenPath, handler: tokenEndpoint }]
  const web = createWeb({
    registry,
    ledger: facts.ledger,
    access: options.access,
    pages: options.pages,
    onEvent: options.onEvent,
    api: options.readOnly === true ? undefined : handler,
    admin:
      options.readOnly === true
        ? undefined
        : {
            collection: collector,
            caches: caches && createCacheAdmin(cache, { ...caches, pins: rules?.fixedBy, now }),
            ...options.admin,
          },
  })
  const more = options.mounts?.(handler) ?? []
  const mounts = [{ path: '/v2', handler }, { path: '/', handler: web }, ...tokens, ...more]
  const server = await listen(mounts, options)
  return {
    url: server.url,
    port: server.port,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]()
      await handler[Symbol.asyncDispose]()
      await collector[Symbol.asyncDispose]()
      await trimming?.[Symbol.asyncDispose]()
      await pulls[Symbol.asyncDispose]()
    },
  }
}

/** Keeps caches with a limit below it. */
function startTrimming(
  cache: TrimmedCache,
  { caches, rules, onTrimmed, now = Date.now }: RegistryServerOptions & Pick<ServedRegistry, 'now'>,
): AsyncDisposable | undefined {
  const { prefixes = [], maxSize } = caches ?? {}
  if (maxSize === undefined) return undefined
  const onError = (error: unknown): void => trimFailures.publish({ error })
  const trim = { prefixes, maxSize, pins: rules?.fixedBy, now }
  return scheduleTrim(cache, trim, { onTrimmed, onError })
}
