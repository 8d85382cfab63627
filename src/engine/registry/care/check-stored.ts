import { mkdir } from 'node:fs/promises'
import type { DirectoryStore } from '#content'
import { type Descriptor, type Digest, digestAlgorithm, digestHex, StrakeError } from '#oci'
import { ignoreAbsent, renameDurable } from '#platform'
import { type CheckParts, checkRegistry } from '#registry/check/check-registry'
import type { CheckSummary, RegistryFault } from '#registry/check/fault'
import { createRestore, type Source } from '#registry/check/restore'
import { openStoredRegistry } from '#server'
import { blobProblem } from '../../content/check-blob.ts'
import type { Engine } from '../../engine.ts'
import { overStore } from '../serve.ts'

export interface CheckStoredOptions {
  /** The directory of the registry. Default: repositories in the store. */
  readonly storage?: string | undefined
  /** Sets damaged content aside and gets it again from the sources. */
  readonly repair?: boolean | undefined
  /** Hosts or URLs of registries that may have the same content. */
  readonly from?: readonly string[] | undefined
  readonly signal?: AbortSignal | undefined
}

/** Proves a registry of this machine. Servers of it may run meanwhile. */
export async function* checkStoredRegistry(
  engine: Engine,
  options: CheckStoredOptions,
): AsyncGenerator<RegistryFault, CheckSummary> {
  const { storage, repair, from = [], signal } = options
  await using opened = new AsyncDisposableStack()
  const stored = storage === undefined ? undefined : opened.use(await openStoredRegistry(storage))
  const { facts } = stored ?? (await overStore(engine))
  // The store below, because the restoring one would hide what is absent.
  const blobs = stored?.blobs ?? engine.content.stored
  const parts: CheckParts = { facts, ledger: facts.ledger, content: blobs }
  if (repair !== true) return yield* checkRegistry(parts, { signal })
  const sources = await Promise.all(from.map((text) => connectSource(engine, text)))
  const restore = createRestore(parts, {
    sources,
    setAside: (blob) => setAside(blobs, blob),
    signal,
  })
  return yield* checkRegistry(parts, { restore, signal })
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
