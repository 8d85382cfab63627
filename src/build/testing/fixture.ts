import { existsSync } from 'node:fs'
import { chmod, copyFile, lutimes, mkdir, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname } from 'node:path'
import { type DirectoryStore, type LocalStore, openDirectoryStore } from '#content'
import { packTree } from '#layer'
import { type Descriptor, type ImageConfig, type Layer, mediaType } from '#oci'
import { hostPlatform, mkdtempDisposable } from '#platform'
import { openRecords, type Records } from '#records'
import { detectRuntime } from '#runtime'
import { openSnapshots, type Snapshotter, type SnapshotterKind } from '#snapshot'
import { type ProgressEvent, toBuffer } from '#stream'
import { readTar } from '#tar'
import { type BuildResult, build } from '../build-image.ts'
import { DockerfileError } from '../model/error.ts'
import type { BuildOptions, BuildServices } from '../options.ts'
import type { BaseImage } from '../plan/base-images.ts'

/** A file of a test's context: its text, or another kind of node. */
export type FixtureFile =
  | string
  | { readonly link: string }
  | { readonly text: string; readonly mode: number }
  | Uint8Array

/** A new store with the services of a build. */
export interface Workshop extends AsyncDisposable {
  readonly path: string
  readonly store: DirectoryStore
  readonly records: Records
  readonly snapshots: Snapshotter
  readonly services: BuildServices
  readonly events: ProgressEvent[]
  /** Base images by their references. */
  readonly images: Map<string, BaseImage>
  /** Writes a directory below the workshop. All its times are `mtime`. */
  context(
    name: string,
    files: Readonly<Record<string, FixtureFile>>,
    mtime?: number,
  ): Promise<string>
  build(options: Omit<BuildOptions, 'services' | 'emit'>): Promise<BuildResult>
  /** Makes a base image with the given files in one layer. */
  addImage(
    reference: string,
    files: Readonly<Record<string, FixtureFile>>,
    config?: ImageConfig['config'],
  ): Promise<BaseImage>
  /** Returns the description of every entry of a layer by its path. */
  list(layer: Layer): Promise<Record<string, string>>
  /** Returns the final state of the step whose name contains `text`, in the latest build. */
  stateOf(text: string): string | undefined
}

/** Returns the `DockerfileError` of a build. */
export async function refusalOf(building: Promise<unknown>): Promise<DockerfileError> {
  const error: unknown = await building.catch((reason: unknown) => reason)
  if (error instanceof DockerfileError) return error
  throw new Error('the build was not refused with a DockerfileError', { cause: error })
}

export const fixtureTime = 1_700_000_000

export async function openWorkshop(kind: SnapshotterKind | 'best' = 'best'): Promise<Workshop> {
  const directory = await mkdtempDisposable(tmpdir(), 'strake-build-test-')
  const { path } = directory
  await mkdir(`${path}/root`)
  const store = await openDirectoryStore(`${path}/root`)
  const records = openRecords(`${path}/root/strake.db`)
  const snapshots = await openSnapshots(`${path}/root`, `${path}/run`, { kind })
  const images = new Map<string, BaseImage>()
  const events: ProgressEvent[] = []
  const services: BuildServices = {
    store,
    records,
    snapshots,
    cacheFiles: `${path}/root/builds`,
    cacheMounts: `${path}/root/cache-mounts`,
    run: `${path}/run`,
    scratch: `${path}/root/scratch`,
    runtime: async () => (await detectRuntime({ root: `${path}/run/runtime` })).runtime,
    resolveImage: async (reference) => {
      const image = images.get(reference)
      if (image === undefined) throw new Error(`the test has no image ${reference}`)
      return image
    },
  }
  return {
    path,
    store,
    records,
    snapshots,
    services,
    events,
    images,
    context: (name, files, mtime = fixtureTime) => writeTree(`${path}/${name}`, files, mtime),
    async build(options) {
      events.length = 0
      const emit = (event: ProgressEvent): void => void events.push(event)
      const result = await build({ ...options, services, emit })
      await result.lease.release()
      return result
    },
    async addImage(reference, files, config = {}) {
      const tree = await writeTree(`${path}/images/${images.size}`, files, fixtureTime)
      const image = await imageOf(store, tree, config)
      images.set(reference, image)
      return image
    },
    list: (layer) => listLayer(store, layer.descriptor),
    stateOf(text) {
      const event = events.findLast((each) => each.type === 'step' && each.name.includes(text))
      return event?.type === 'step' ? event.state : undefined
    },
    async [Symbol.asyncDispose]() {
      await snapshots.cleanStale()
      await records[Symbol.asyncDispose]()
      await directory[Symbol.asyncDispose]()
    },
  }
}

/** The reason for skipping tests that run commands, if there is one. */
export const busyboxMissing: string | undefined = reasonWithoutBusybox()

function reasonWithoutBusybox(): string | undefined {
  if (process.getuid?.() !== 0) return 'it needs root'
  if (!existsSync('/bin/busybox')) return 'it needs the package busybox-static'
  return ['crun', 'runc'].some(
    (name) => existsSync(`/usr/bin/${name}`) || existsSync(`/usr/sbin/${name}`),
  )
    ? undefined
    : 'it needs crun or runc'
}

/** Adds a base image that can run commands: busybox with `sh` and many of its other names. */
export async function addBusybox(workshop: Workshop, reference = 'busybox'): Promise<BaseImage> {
  const applets = 'sh cat echo ls mkdir rm touch id env stat chmod chown ln test date sleep head wc'
  const links = applets.split(' ').map((name) => [`bin/${name}`, { link: 'busybox' }] as const)
  const tree = await writeTree(
    `${workshop.path}/busybox`,
    {
      ...Object.fromEntries(links),
      'etc/passwd': 'root:x:0:0::/root:/bin/sh\napp:x:1000:1001::/home/app:/bin/sh\n',
      'etc/group': 'root:x:0:\nstaff:x:50:\napp:x:1001:\n',
      'tmp/.keep': '',
    },
    fixtureTime,
  )
  await copyFile('/bin/busybox', `${tree}/bin/busybox`)
  await chmod(`${tree}/bin/busybox`, 0o755)
  await chmod(`${tree}/tmp`, 0o1777)
  for (const name of ['bin/busybox', 'bin', 'tmp', '.']) {
    await utimes(`${tree}/${name}`, fixtureTime, fixtureTime)
  }
  const image = await imageOf(workshop.store, tree, { Cmd: ['sh'], Env: ['PATH=/bin'] })
  workshop.images.set(reference, image)
  return image
}

async function imageOf(
  store: LocalStore,
  tree: string,
  config: ImageConfig['config'],
): Promise<BaseImage> {
  await using ingest = await store.ingest()
  await ingest.append(packTree(tree))
  const { size } = ingest
  const digest = await ingest.commit()
  await rm(tree, { recursive: true })
  const layer = { diffId: digest, descriptor: { mediaType: mediaType.ociLayer, digest, size } }
  return {
    // Only the digest of this manifest is used, as a name.
    descriptor: { mediaType: mediaType.ociManifest, digest, size: 1 },
    config: {
      created: new Date(fixtureTime * 1000).toISOString(),
      ...hostPlatform(),
      rootfs: { type: 'layers', diff_ids: [digest] },
      history: [{ created_by: 'the base of a test' }],
      ...(config && { config }),
    },
    layers: [layer],
  }
}

async function writeTree(
  root: string,
  files: Readonly<Record<string, FixtureFile>>,
  mtime: number,
): Promise<string> {
  await mkdir(root, { recursive: true })
  const directories = new Set([root])
  for (const [name, file] of Object.entries(files)) {
    const path = `${root}/${name}`
    const directory = name.endsWith('/') ? path.slice(0, -1) : dirname(path)
    await mkdir(directory, { recursive: true })
    for (let at = directory; at.length > root.length; at = dirname(at)) directories.add(at)
    if (name.endsWith('/')) continue
    if (typeof file === 'object' && 'link' in file) {
      await symlink(file.link, path)
      await lutimes(path, mtime, mtime)
      continue
    }
    const { text, mode } =
      typeof file === 'object' && 'text' in file ? file : { text: file, mode: 0o644 }
    await rm(path, { force: true })
    await writeFile(path, text)
    await chmod(path, mode)
    await utimes(path, mtime, mtime)
  }
  for (const directory of directories) {
    await chmod(directory, 0o755)
    await utimes(directory, mtime, mtime)
  }
  return root
}

async function listLayer(
  store: LocalStore,
  descriptor: Descriptor,
): Promise<Record<string, string>> {
  const listed: Record<string, string> = {}
  for await (const entry of readTar(store.read(descriptor))) {
    const { path, type, mode, uid, gid, linkpath } = entry
    const status = `${type} ${mode.toString(8)} ${uid}:${gid}`
    const text = Buffer.from(await toBuffer(entry.body, 1e8)).toString('latin1')
    if (type === 'file') listed[path] = `${status} ${JSON.stringify(text.slice(0, 80))}`
    else listed[path] = linkpath === '' ? status : `${status} ${linkpath}`
  }
  return listed
}
