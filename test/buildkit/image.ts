import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { cleanPath, parentPath, parseWhiteout, readTar, type TarEntry } from '#tar'

/** An image as a program exported it: its config, and the file system that its layers make. */
export interface ExportedImage {
  readonly config: ImageDocument
  /** By path without a slash at the start; the root itself is `''`. */
  readonly files: ReadonlyMap<string, ImageFile>
  /** For each layer, whether it changes any file; a change of a time alone is none. */
  readonly changes: readonly boolean[]
}

/** The members of an image configuration that two builders can have in common. */
export interface ImageDocument {
  readonly author?: string
  readonly config?: Readonly<Record<string, unknown>>
  readonly history?: readonly {
    readonly created_by?: string
    readonly comment?: string
    readonly author?: string
    readonly empty_layer?: boolean
  }[]
  readonly rootfs: { readonly diff_ids?: readonly string[] | null }
}

/** A file of an image. Hard links to one file share one object. */
export interface ImageFile {
  readonly type: TarEntry['type']
  readonly mode: number
  readonly owner: string
  readonly target: string
  readonly device: string
  readonly contents: Buffer
  readonly sha256: string
  readonly xattrs: Readonly<Record<string, string>>
}

export interface ImageIndex {
  readonly manifests: readonly {
    readonly digest: string
    readonly annotations?: Readonly<Record<string, string>>
  }[]
}

/** Reads an image of an OCI layout in a directory. Default: the first of its index. */
export async function readImage(layout: string, digest?: string): Promise<ExportedImage> {
  const index: ImageIndex = JSON.parse(await readFile(join(layout, 'index.json'), 'utf8'))
  const manifest = JSON.parse(await readBlob(layout, digest ?? index.manifests[0]?.digest ?? ''))
  const config: ImageDocument = JSON.parse(await readBlob(layout, manifest.config.digest))
  const files = new Map<string, ImageFile>()
  const changes: boolean[] = []
  for (const layer of manifest.layers ?? []) {
    const before = fingerprint(files)
    await applyLayer(files, await layerBytes(layout, layer))
    changes.push(fingerprint(files) !== before)
  }
  return { config, files, changes }
}

/** A text that is equal for equal trees. */
function fingerprint(files: ReadonlyMap<string, ImageFile>): string {
  const numbers = new Map<ImageFile, number>()
  const lines = [...files.keys()].sort().map((path) => {
    const file = files.get(path)
    if (file === undefined) return path
    if (!numbers.has(file)) numbers.set(file, numbers.size)
    return JSON.stringify([path, numbers.get(file), { ...file, contents: '' }])
  })
  return lines.join('\n')
}

async function readBlob(layout: string, digest: string): Promise<string> {
  return readFile(blobPath(layout, digest), 'utf8')
}

async function layerBytes(
  layout: string,
  { digest, mediaType }: { readonly digest: string; readonly mediaType: string },
): Promise<Buffer> {
  const bytes = await readFile(blobPath(layout, digest))
  return mediaType.endsWith('gzip') ? gunzipSync(bytes) : bytes
}

function blobPath(layout: string, digest: string): string {
  return join(layout, 'blobs', digest.replace(':', '/'))
}

/** Changes `files` as a layer says (image-spec layer.md). Reads bytes only, without code of `#layer`. */
async function applyLayer(files: Map<string, ImageFile>, bytes: Buffer): Promise<void> {
  const added = new Set<string>()
  for await (const entry of readTar(chunks(bytes))) {
    const path = pathOf(entry.path)
    const whiteout = parseWhiteout(path)
    if (whiteout === 'invalid') throw new Error(`the layer has an invalid whiteout: ${path}`)
    if (whiteout === undefined) {
      const file = await readEntry(entry, files)
      if (file.type !== 'directory') removeBelow(files, path, new Set())
      files.set(path, file)
      added.add(path)
    } else if (whiteout.kind === 'opaque') {
      removeBelow(files, parentPath(path), added)
    } else if (whiteout.kind === 'name') {
      const hidden = [parentPath(path), whiteout.name].filter((part) => part !== '').join('/')
      files.delete(hidden)
      removeBelow(files, hidden, new Set())
    }
  }
}

function pathOf(name: string): string {
  const path = cleanPath(name)
  if (path === undefined) throw new Error(`the layer has a path outside of it: ${name}`)
  return path
}

/** Removes everything below a directory, except the paths of `kept`. */
function removeBelow(
  files: Map<string, ImageFile>,
  directory: string,
  kept: ReadonlySet<string>,
): void {
  const prefix = directory === '' ? '' : `${directory}/`
  for (const path of files.keys()) {
    if (path !== '' && path.startsWith(prefix) && !kept.has(path)) files.delete(path)
  }
}

async function readEntry(
  entry: TarEntry,
  files: ReadonlyMap<string, ImageFile>,
): Promise<ImageFile> {
  if (entry.type === 'hardlink') {
    const linked = files.get(pathOf(entry.linkpath))
    if (linked === undefined) throw new Error(`${entry.path} links to no file: ${entry.linkpath}`)
    return linked
  }
  const parts: Uint8Array[] = []
  for await (const part of entry.body) parts.push(new Uint8Array(part))
  const contents = Buffer.concat(parts)
  const attributes = [...entry.xattrs].map(([name, value]) => [
    name,
    Buffer.from(value).toString('base64'),
  ])
  return {
    type: entry.type,
    mode: entry.mode,
    owner: `${entry.uid}:${entry.gid}`,
    target: entry.linkpath,
    device: `${entry.deviceMajor}:${entry.deviceMinor}`,
    contents,
    sha256: createHash('sha256').update(contents).digest('hex'),
    xattrs: Object.fromEntries(attributes.sort()),
  }
}

async function* chunks(bytes: Buffer): AsyncGenerator<Uint8Array> {
  const size = 1 << 20
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size)
}
