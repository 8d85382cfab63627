import { mkdir } from 'node:fs/promises'
import type { DirectoryStore } from '#content'
import { type Descriptor, type Digest, digestAlgorithm, digestHex, StrakeError } from '#oci'
import { ignoreAbsent, renameDurable } from '#platform'
import { type CheckParts, checkRegistry } from '#registry/check/check-registry'
import type { CheckSummary, RegistryFault } from '#registry/check/fault'
import { createRestore, type RestoreOptions, type Source } from '#registry/check/restore'
import { openStoredRegistry } from '#server'
import { blobProblem } from '../../content/check-blob.ts'
import type { Engine } from '../../engine.ts'
import { openReplicas } from '../parts/replicated.ts'
import { findPlace, requireRegistry } from '../place.ts'
import { overStore } from '../serve.ts'

export interface CheckStoredOptions {
  /** The configuration file, which may name a bucket and a database. */
  readonly config?: string | undefined
  /** The directory of the registry. Default: that of the configuration, or repositories in the store. */
  readonly storage?: string | undefined
  /** Sets damaged content aside and gets it again from the sources. */
  readonly repair?: boolean | undefined
  /** Hosts or URLs of registries that may have the same content. */
  readonly from?: readonly string[] | undefined
  /** Called when one of `from` could not be asked, or sent other content. */
  readonly onFailure?: ((error: StrakeError) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Proves a registry of this machine, or one of replicas. Servers of it may run meanwhile. Throws
 * `NOT_FOUND` for a directory without a registry.
 */
export async function* checkStoredRegistry(
  engine: Engine,
  options: CheckStoredOptions,
): AsyncGenerator<RegistryFault, CheckSummary> {
  const { repair, from = [], onFailure, signal } = options
  if (repair !== true && from.length > 0) {
    throw new StrakeError('INVALID', 'Cannot get content from other registries without a repair', {
      remedy: 'give --repair beside --from',
    })
  }
  await using opened = new AsyncDisposableStack()
  const { setAside, ...parts } = await openParts(engine, options, opened)
  if (repair !== true) return yield* checkRegistry(parts, { signal })
  const sources = await Promise.all(from.map((text) => connectSource(engine, text)))
  const restore = createRestore(parts, { sources, setAside, onFailure, signal })
  return yield* checkRegistry(parts, { restore, signal })
}

type Parts = CheckParts & Pick<RestoreOptions, 'setAside'>

async function openParts(
  engine: Engine,
  { config: path, storage }: CheckStoredOptions,
  opened: AsyncDisposableStack,
): Promise<Parts> {
  const { config } = await findPlace({ config: path, storage, root: async () => engine.root })
  const { storage: place = {} } = config
  const replicas = await openReplicas(place)
  if (replicas !== undefined) {
    const { facts, content } = opened.use(replicas)
    const aside = async ({ digest }: Descriptor): Promise<void> => content.setAside(digest)
    return { facts, ledger: facts.ledger, content, setAside: aside }
  }
  const { directory } = place
  if (directory !== undefined) await requireRegistry(directory)
  const stored =
    directory === undefined ? undefined : opened.use(await openStoredRegistry(directory))
  const { facts } = stored ?? (await overStore(engine))
  // The store below, because the restoring one would hide what is absent.
  const blobs = stored?.blobs ?? engine.content.stored
  return {
    facts,
    ledger: facts.ledger,
    content: blobs,
    setAside: async (blob, isDamaged) => {
      if (isDamaged) await setAside(blobs, blob)
    },
  }
}

async function connectSource(engine: Engine, text: string): Promise<Source> {
  const url = text.includes('://') ? text : `https://${text}`
  const { protocol, host, pathname } = URL.canParse(url) ? new URL(url) : {}
  if (host === undefined || host === '' || pathname !== '/' || !/^https?:$/.test(protocol ?? '')) {
    throw new StrakeError('INVALID', `Cannot repair from ${JSON.stringify(text)}`, {
      remedy: 'write a host, or a URL such as http://localhost:5000',
    })
  }
  const insecure = protocol === 'http:'
  return { host, registry: await engine.registry(host, undefined, { insecure }) }
}

/** Moves damaged content into `damaged/`, which nothing empties. Sound content goes back. */
async function setAside(blobs: DirectoryStore, { digest }: Descriptor): Promise<void> {
  const directory = `${blobs.root}/damaged`
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const aside = `${directory}/${nameOf(digest)}-${Date.now()}`
  await renameDurable(blobs.pathOf(digest), aside).catch(ignoreAbsent)
  // A server may have replaced it between the proof and the move.
  if ((await blobProblem(aside, digest)) === undefined) {
    await renameDurable(aside, blobs.pathOf(digest))
  }
}

function nameOf(digest: Digest): string {
  return `${digestAlgorithm(digest)}-${digestHex(digest)}`
}
