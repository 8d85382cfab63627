import type { ContentStore } from '#content'
import { StrakeError } from '#oci'
import type { Bytes } from '#stream'
import { openArchive } from './archive.ts'
import { loadDocker, readDockerManifest } from './load-docker.ts'
import { loadLayout } from './load-layout.ts'
import type { LoadedImage, LoadOptions } from './loaded-image.ts'

/**
 * Stores the images of an archive in `store`. Reads archives of `docker save`, `podman save`,
 * skopeo and `saveImages`, compressed or not. Stores only blobs that an image refers to, after it
 * has checked their digests. Names in the archive are only keys into it. Throws `INVALID` when the
 * two tables of contents describe different images.
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
    'Cannot load the archive: it contains neither manifest.json nor an OCI image layout',
    archive.has('repositories') || archive.has('etc')
      ? {}
      : { remedy: 'use strake import for the archive of a root filesystem' },
  )
}
