import type { ContentStore } from '#content'
import { StrakeError } from '#oci'
import type { Bytes } from '#stream'
import { openArchive } from './archive.ts'
import { loadDocker, readDockerManifest } from './load-docker.ts'
import { loadLayout } from './load-layout.ts'
import type { LoadedImage, LoadOptions } from './loaded-image.ts'

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
