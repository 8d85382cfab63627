import { mkdir, open, realpath, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { copy, createLayout, readGraph, readIndex, writeIndex } from '#content'
import { archiveMembers, type Image, type NamedImage, saveImages } from '#image'
import { type Descriptor, matchPlatform, parseIndex, parseReference } from '#oci'
import { hostPlatform, lockDirectory, pathExists, temporaryName, writeAll } from '#platform'
import { toBuffer } from '#stream'
import type { TarInput } from '#tar'
import { writeArchive } from '../archive/output-file.ts'
import type { Engine } from '../engine.ts'
import type { ArchiveOutput } from './build-output.ts'
import { type FormedImages, formImages } from './image-form.ts'
import type { DeliverOptions } from './tree-output.ts'

/** Writes the image, or the index of images, into an archive or a directory. */
export async function writeImageArchive(
  engine: Engine,
  images: readonly Image[],
  output: ArchiveOutput,
  options: DeliverOptions,
): Promise<FormedImages> {
  const { kind, destination, isDirectory, names = [], form } = output
  const gzip = { ...form, compression: form.compression ?? 'gzip' } as const
  const formed = await formImages(engine, images, gzip, { ...options, names })
  const named = [await namedImage(engine, formed, names.map(parseReference))]
  const save = { isLayoutOnly: kind === 'oci', signal: options.signal }
  if (output.receiver !== undefined && isDirectory) {
    await copy(engine.content, output.receiver.blobs, formed.root, {
      action: 'upload',
      alreadyVerified: true,
      signal: options.signal,
    })
  } else if (output.receiver !== undefined) {
    const { root, images: made, isIndex } = formed
    const imageId = isIndex ? undefined : made[0]?.imageId
    const bytes = saveImages(engine.content, named, save)
    await output.receiver.archive(bytes, { descriptor: root, imageId, names })
  } else if (isDirectory && destination !== undefined) {
    await writeLayout(destination, archiveMembers(engine.content, named, save), options.signal)
  } else {
    await writeArchive(saveImages(engine.content, named, save), {
      file: destination,
      signal: options.signal,
    })
  }
  return formed
}

/** Readers of `manifest.json` get the image for this machine, or the first one of an index. */
async function namedImage(
  engine: Engine,
  { root, images, isIndex }: FormedImages,
  names: NamedImage['names'],
): Promise<NamedImage> {
  const candidates = images.map(({ descriptor, config }) => ({ ...descriptor, platform: config }))
  const match = matchPlatform(hostPlatform(), candidates)
  const image = images.find(({ descriptor }) => descriptor.digest === match?.digest) ?? images[0]
  if (image === undefined) throw new RangeError('A build makes one image at least')
  const { annotations, ...descriptor } = root
  if (!isIndex) return { image, names, annotations }
  const { documents, blobs } = await readGraph(engine.content, descriptor)
  const parts = [...documents.map((each) => each.descriptor), ...blobs]
  return { image, names, annotations, index: { descriptor, parts } }
}

/** Adds to an image layout. Images there with other names stay. */
async function writeLayout(
  directory: string,
  members: AsyncIterable<TarInput>,
  signal: AbortSignal | undefined,
): Promise<void> {
  await mkdir(directory, { recursive: true })
  await createLayout(directory)
  let added: readonly Descriptor[] = []
  for await (const { path, type, body } of members) {
    if (path === 'oci-layout' || type === 'directory' || body === undefined) continue
    if (path === 'index.json') {
      const raw = body instanceof Uint8Array ? body : await toBuffer(body, 1024 * 1024, path)
      added = parseIndex(raw).manifests
    } else await writeMember(`${directory}/${path}`, body)
  }
  // Two builds that read the same index would each lose the image of the other.
  using _lock = await lockDirectory(await realpath(directory), signal)
  const before = await readIndex(directory)
  const names = new Set(added.map(nameOf))
  const digests = new Set(added.map(({ digest }) => digest))
  const others = before.filter((each) =>
    nameOf(each) === undefined ? !digests.has(each.digest) : !names.has(nameOf(each)),
  )
  await writeIndex(directory, [...others, ...added])
}

function nameOf({ annotations = {} }: Descriptor): string | undefined {
  return annotations['io.containerd.image.name'] ?? annotations['org.opencontainers.image.ref.name']
}

/** The name of a blob is its digest, so one that is there is not written again. */
async function writeMember(path: string, body: NonNullable<TarInput['body']>): Promise<void> {
  const isBlob = /\/blobs\//.test(path)
  if (isBlob && pathExists(path)) return
  await mkdir(dirname(path), { recursive: true })
  const temporary = temporaryName(path)
  try {
    await using file = await open(temporary, 'wx')
    if (body instanceof Uint8Array) await writeAll(file, body)
    else for await (const chunk of body) await writeAll(file, chunk)
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}
