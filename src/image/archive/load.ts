import type { ContentStore } from '#content'
import { type Descriptor, type Platform, type Reference, StrakeError } from '#oci'
import type { Bytes, Emit } from '#stream'
import { openArchive } from './archive.ts'
import { loadDocker, readDockerManifest } from './load-docker.ts'
import { loadLayout } from './load-layout.ts'

export interface LoadOptions {
  /** A directory for what must be written before it can be read. */
  readonly temporaryDirectory: string
  /** Of an index in the archive; this machine's unless given. */
  readonly platform?: Platform
  readonly emit?: Emit
  readonly signal?: AbortSignal
}

/** An image that was loaded. Naming it is the caller's to do, and to tell. */
export interface LoadedImage {
  /** Of its manifest. */
  readonly descriptor: Descriptor
  readonly names: readonly Reference[]
}

/**
 * Puts the images of an archive into `store`: what `docker save`, `podman save`,
 * skopeo and `saveImages` write, compressed or not. Only what an image refers to
 * is stored, after its digest was checked; names in the archive are nothing but
 * keys into it. An archive whose two tables of contents describe different
 * images throws `INVALID`.
 */
export async function loadArchive(
  input: Bytes | { readonly path: string },
  store: ContentStore,
  options: LoadOptions,
): Promise<LoadedImage[]> {
  await using archive = await openArchive(input, options.temporaryDirectory, options.signal)
  const docker = archive.has('manifest.json') ? await readDockerManifest(archive) : undefined
  if (archive.has('index.json') && archive.has('oci-layout')) {
    return await loadLayout(archive, store, docker, options)
  }
  if (docker !== undefined) return await loadDocker(archive, store, docker, options)
  throw new StrakeError(
    'INVALID',
    'Cannot load the archive: it holds neither manifest.json nor an OCI image layout',
    archive.has('repositories') || archive.has('etc')
      ? {}
      : { remedy: 'use strake import for the archive of a root filesystem' },
  )
}
