import {
  type Container,
  containerPaths,
  getContainer,
  isRunning,
  readPresent,
  suspendContainer,
} from '#container'
import { createImage, type Image } from '#image'
import { diffUpper } from '#layer'
import {
  type Digest,
  type HistoryEntry,
  isStrakeError,
  type Layer,
  mediaType,
  parseImageName,
  type RunConfig,
  StrakeError,
} from '#oci'
import { pathExists } from '#platform'
import type { Lease } from '#records'
import { ownsCgroups } from '#runtime'
import { beginWork } from '../begin-work.ts'
import { containerContext } from '../container/container-context.ts'
import { publishIndex } from '../content/publish-index.ts'
import type { Engine } from '../engine.ts'
import { ensureUnpacked } from '../image/ensure-unpacked.ts'
import { holdImage } from '../image/hold-image.ts'
import { recordImage } from '../image/record-image.ts'
import { joinConfigs, runConfigOf } from './committed-config.ts'
import { applyChanges, refuseOtherChanges } from './config-changes.ts'

export interface CommitOptions {
  /** Made canonical. Default: the image has no name. */
  readonly name?: string | undefined
  readonly author?: string | undefined
  /** Dockerfile instructions that change the configuration: `CMD ["sh"]`. */
  readonly changes?: readonly string[] | undefined
  /** Joined with the configuration of the container. */
  readonly config?: RunConfig | undefined
  readonly message?: string | undefined
  /** Suspends a running container while its files are read. Default: true. */
  readonly pause?: boolean | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Makes an image of a container: the layers of its image, one layer with its changes, and
 * its options as the configuration. Volumes are not part of it. Throws `NOT_FOUND`, also
 * when the image of the container was removed, and `INVALID` for bad changes.
 */
export async function commitContainer(
  engine: Engine,
  nameOrId: string,
  options: CommitOptions = {},
): Promise<{ readonly imageId: Digest }> {
  const { changes = [], signal } = options
  const name = options.name === undefined ? undefined : parseImageName(options.name)
  refuseOtherChanges(changes)
  const container = getContainer(engine, nameOrId)
  await using lease = await beginWork(engine, `commit ${container.name}`)
  const base = await imageOf(engine, container, lease)
  const layer = await changesOf(engine, container, options)
  if (layer !== undefined) await lease.hold(layer.diffId)
  const { os, architecture, variant, history = [] } = base.config
  const created = new Date().toISOString()
  const committed = await createImage(engine.content, {
    config: {
      created,
      ...(options.author !== undefined && { author: options.author }),
      os,
      architecture,
      ...(variant !== undefined && { variant }),
      config: joinConfigs(
        runConfigOf(container.settings, base.config.config ?? {}),
        options.config ?? {},
      ),
      history: [...history, entryFor(container, created, options, layer === undefined)],
    },
    layers: [...base.layers, ...(layer === undefined ? [] : [layer])],
  })
  const image = await applyChanges(engine, committed, changes)
  await ensureUnpacked(engine, image, { lease, signal })
  await recordImage(engine, image, { names: name === undefined ? [] : [name], by: 'commit' })
  const { settings, id } = container
  const attributes = { ...settings.labels, image: settings.image.reference, name: container.name }
  await engine.records.events.note({ type: 'container', action: 'commit', actor: id, attributes })
  await publishIndex(engine)
  return { imageId: image.imageId }
}

/** Reads the image that a container was made from, and holds it. */
async function imageOf(
  engine: Engine,
  { name, settings }: Container,
  lease: Lease,
): Promise<Image> {
  try {
    return (await holdImage(engine, settings.image.id, lease)).opened
  } catch (cause) {
    if (!isStrakeError(cause, 'NOT_FOUND')) throw cause
    const message = `Cannot commit container ${name}: its image was removed`
    const remedy = `use strake export ${name} | strake import -`
    throw new StrakeError('NOT_FOUND', message, { cause, remedy })
  }
}

/** Stores what a container changed. Returns `undefined` when it changed nothing. */
async function changesOf(
  engine: Engine,
  container: Container,
  { pause = true, signal }: CommitOptions,
): Promise<Layer | undefined> {
  const context = await containerContext(engine)
  const isActive = isRunning(container) && container.state.status !== 'paused'
  // Without control groups nothing can be paused.
  const mustPause = pause && isActive && ownsCgroups()
  await using _suspended = mustPause ? await suspendContainer(context, container.id) : undefined
  const { upper } = containerPaths(engine, container.id)
  // A container that never started has no directory for changes.
  if (!pathExists(upper)) return undefined
  const { chainId } = container.settings.image
  await using lower = chainId === null ? undefined : await context.snapshots.view(chainId)
  await using ingest = await engine.content.ingest()
  const changes = diffUpper(upper, { lower: lower?.root, signal })
  await ingest.append(readPresent(context, container, changes))
  const { size } = ingest
  if (size <= emptyArchive) {
    await ingest.abort()
    return undefined
  }
  const digest = await ingest.commit()
  return { descriptor: { mediaType: mediaType.ociLayer, digest, size }, diffId: digest }
}

/** Size of an archive without entries. */
const emptyArchive = 1024

function entryFor(
  { settings }: Container,
  created: string,
  { author, message }: CommitOptions,
  isEmpty: boolean,
): HistoryEntry {
  return {
    created,
    created_by: [...settings.entrypoint, ...settings.command].join(' '),
    ...(author !== undefined && { author }),
    ...(message !== undefined && { comment: message }),
    ...(isEmpty && { empty_layer: true }),
  }
}
