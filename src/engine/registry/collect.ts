import { StrakeError } from '#oci'
import { collect, type FreedMember, freeLimits, noteLost, openCollector } from '#registry'
import type { Foreseen } from '#registry/collect/collector'
import { collectSettings } from '#registry/config/content-rules'
import { collectedOf, openStoredRegistry } from '#server'
import { collectGarbage } from '../collect/collect-garbage.ts'
import type { Engine } from '../engine.ts'
import { findPlace, requireRegistry } from './place.ts'
import { overStore } from './serve.ts'
import { openOwn } from './serve-configured.ts'

export interface CollectRegistryOptions {
  /** The directory of the registry. Default: repositories in the store. */
  readonly storage?: string | undefined
  /** Milliseconds for which untagged manifests, and blobs without a manifest, stay. */
  readonly keep: number
  /** Removes nothing. */
  readonly dryRun?: boolean | undefined
  readonly signal?: AbortSignal | undefined
  /** Called for every manifest and blob that leaves its repository. */
  readonly onFreed?: ((member: FreedMember) => void) | undefined
}

export interface CollectedSpace {
  readonly manifests: number
  readonly blobs: number
  /** Bytes that the disk has again. For a dry run, the bytes of what would leave its repository. */
  readonly bytes: number
}

/**
 * Removes what no tag reaches from the repositories of the store or of a directory. Servers of the
 * registry may run meanwhile. Throws `NOT_FOUND` for a directory without a registry.
 */
export async function collectRegistry(
  engine: Engine,
  options: CollectRegistryOptions,
): Promise<CollectedSpace> {
  const { storage, keep, dryRun = false, signal, onFreed } = options
  if (storage !== undefined) await requireRegistry(storage)
  const stored = storage === undefined ? undefined : await openStoredRegistry(storage)
  try {
    const { collection, content } = collectedOf(stored ?? (await overStore(engine)))
    const times = { keepManifests: keep, keepBlobs: keep, now: Date.now }
    if (dryRun) return await foresee(collection.listFree(freeLimits(times)), onFreed)
    if (content !== undefined) await noteLost(collection, content, signal)
    const report = await collect(collection, content, { ...times, signal, onFreed })
    const bytes = content === undefined ? (await collectGarbage(engine)).bytes : report.bytes
    return { manifests: report.manifests, blobs: report.blobs, bytes }
  } finally {
    await stored?.[Symbol.asyncDispose]()
  }
}

export interface ForeseeOptions {
  /** The configuration file, whose rules are shown. */
  readonly config: string
  /** Replaces the directory of the configuration. */
  readonly storage?: string | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Returns what a server with a configuration would remove in its next collection, retention included.
 * Changes nothing. Throws `ConfigError`, `INVALID` for a configuration that removes nothing, and
 * `NOT_FOUND` for a directory without a registry.
 */
export async function foreseeCollection(
  engine: Engine,
  { signal, ...place }: ForeseeOptions,
): Promise<Foreseen> {
  const { config } = await findPlace({ ...place, root: async () => engine.root })
  const settings = collectSettings(config)
  if (settings === undefined) {
    const message = `Cannot show a collection: ${place.config} has neither collect nor retention`
    throw new StrakeError('INVALID', message, {
      remedy: 'add one of them, or give --storage in place of --config',
    })
  }
  const { directory } = config.storage ?? {}
  if (directory !== undefined) await requireRegistry(directory)
  await using opened = new AsyncDisposableStack()
  const served = await openOwn(async () => engine, config.storage ?? {}, opened)
  // Without an interval, it collects when an administrator asks, and at no other time.
  await using collector = openCollector(collectedOf(served), { ...settings, interval: undefined })
  return await collector.foresee(signal)
}

async function foresee(
  members: AsyncIterable<FreedMember>,
  onFreed: ((member: FreedMember) => void) | undefined,
): Promise<CollectedSpace> {
  let [manifests, blobs, bytes] = [0, 0, 0]
  for await (const member of members) {
    if (member.kind === 'manifest') manifests += 1
    else blobs += 1
    bytes += member.size
    onFreed?.(member)
  }
  return { manifests, blobs, bytes }
}
