import { getContainer, isRunning, pauseContainer, unpauseContainer } from '#container'
import { type CopyEntry, copyDirectory, directoryEntries, directoryWriter } from '#copy'
import { isStrakeError, StrakeError } from '#oci'
import { decodeWithProgram, treeCalls } from '#platform'
import { decompress } from '#stream'
import { readTar, type TarInput, writeTar } from '#tar'
import { createVolume, getVolume, ownUser, releaseVolumes, useVolume, volumeData } from '#volume'
import { readArchive } from '../archive/archive-file.ts'
import { writeArchive } from '../archive/output-file.ts'
import { containerContext } from '../container/container-context.ts'
import type { Engine } from '../engine.ts'
import { volumeUsers } from '../volume/volume-users.ts'

export interface VolumeCopyOptions {
  /** Suspends the containers that use the volume, so that the copy shows one moment of its files. */
  readonly pause?: boolean | undefined
  readonly warn: (message: string) => void
  readonly signal?: AbortSignal | undefined
}

/** Writes the files of a volume as a tar archive, to a file or standard output. Throws `NOT_FOUND`. */
export async function exportVolume(
  engine: Engine,
  name: string,
  { file, ...options }: VolumeCopyOptions & { readonly file?: string | undefined },
): Promise<void> {
  await using volume = await openVolume(engine, name)
  await using _paused = await pauseUsers(engine, name, options)
  const entries = directoryEntries(volume.fd, options)
  await writeArchive(writeTar(wholeSeconds(entries)), { file, signal: options.signal })
}

/** As Docker's archives of `cp`, which need no second header for each file. */
async function* wholeSeconds(entries: AsyncIterable<CopyEntry>): AsyncGenerator<TarInput> {
  for await (const entry of entries) yield { ...entry, mtimeNanoseconds: 0 }
}

/** Unpacks a tar archive, compressed or not, in a volume, which is created if it is absent. `-` is standard input. */
export async function importVolume(
  engine: Engine,
  name: string,
  archive: string,
  options: VolumeCopyOptions,
): Promise<void> {
  const { findArchive } = await import('../archive/archive-file.ts')
  const found = await findArchive('import', archive)
  await createVolume(engine, { name })
  await using volume = await openVolume(engine, name)
  const plain = decompress(readArchive(found, options.signal), { foreign: decodeWithProgram })
  using writer = directoryWriter(volume.fd, options)
  for await (const entry of readTar(plain, { warn: options.warn })) {
    options.signal?.throwIfAborted()
    await writer.write(entry)
  }
  writer.finish()
}

/**
 * Creates a volume with the labels and files of another one. File systems that can share blocks do
 * so. Throws `ALREADY_EXISTS`, `NOT_FOUND`.
 */
export async function cloneVolume(
  engine: Engine,
  name: string,
  copy: string,
  options: VolumeCopyOptions,
): Promise<void> {
  const { labels } = getVolume(engine, name)
  if (isThere(engine, copy)) {
    throw new StrakeError(
      'ALREADY_EXISTS',
      `Cannot clone volume ${name}: there is a volume ${copy}`,
    )
  }
  await using volume = await openVolume(engine, name)
  await createVolume(engine, { name: copy, labels })
  await using target = await openVolume(engine, copy)
  await using _paused = await pauseUsers(engine, name, options)
  await copyDirectory(volume.fd, target.fd, options)
  const status = treeCalls.entryStatus(volume.fd)
  if (status === undefined) return
  treeCalls.setOwner(target.fd, status.uid, status.gid)
  treeCalls.setMode(target.fd, status.mode & 0o7777)
}

function isThere(engine: Engine, name: string): boolean {
  try {
    return getVolume(engine, name) !== undefined
  } catch (error) {
    if (isStrakeError(error, 'NOT_FOUND')) return false
    throw error
  }
}

/** Opens the directory of a volume, which is mounted while it is open. */
async function openVolume(
  engine: Engine,
  name: string,
): Promise<AsyncDisposable & { readonly fd: number }> {
  const user = ownUser()
  await useVolume(engine, getVolume(engine, name), user)
  const fd = treeCalls.openRoot(volumeData(engine, name))
  return {
    fd,
    async [Symbol.asyncDispose]() {
      treeCalls.closeDescriptor(fd)
      await releaseVolumes(engine, user)
    },
  }
}

async function pauseUsers(
  engine: Engine,
  name: string,
  { pause }: VolumeCopyOptions,
): Promise<AsyncDisposable> {
  const paused = new AsyncDisposableStack()
  if (!pause) return paused
  const context = await containerContext(engine)
  try {
    for (const user of volumeUsers(engine).get(name) ?? []) {
      const container = getContainer(context, user)
      if (!isRunning(container) || container.state.status === 'paused') continue
      await pauseContainer(context, container.id)
      paused.defer(() => unpauseContainer(context, container.id))
    }
    return paused
  } catch (error) {
    await paused[Symbol.asyncDispose]()
    throw error
  }
}
