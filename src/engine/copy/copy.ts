import { placeCopy, type Target, TreeWriter, type WriteTreeOptions } from '#copy'
import { StrakeError } from '#oci'
import { decodeWithProgram, treeCalls } from '#platform'
import { resolveUser } from '#runtime'
import { type Bytes, decompress } from '#stream'
import { readTar, type TarInput, writeTar } from '#tar'
import { readArchive } from '../archive/archive-file.ts'
import { writeArchive } from '../archive/output-file.ts'
import type { Engine } from '../engine.ts'
import { type CopyEndpoint, CopyTrees, showEndpoint } from './trees.ts'

interface SharedOptions {
  /** The directory where relative paths of this machine begin. */
  readonly directory: string
  readonly warn: (message: string) => void
  /** Called with the number of bytes that were copied since the last call. */
  readonly copied?: ((bytes: number) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

interface SourceOptions {
  /** A pattern in a path of a container means every file that matches it. */
  readonly sources: readonly CopyEndpoint[]
  /** Copies the file that a link leads to, not the link. */
  readonly followLinks?: boolean | undefined
}

interface TargetOptions {
  readonly target: CopyEndpoint
  /**
   * To a container: the files belong to its user. From a container to this machine: owners, setuid
   * bits, capabilities and devices are kept. Without it files in a container keep their owner, and
   * files on this machine belong to the caller.
   */
  readonly archive?: boolean | undefined
}

/**
 * Copies files between this machine and a container, running or not, or between containers, by the
 * rules of `docker cp`. Several files need an existing directory as target.
 */
export async function copyFiles(
  engine: Engine,
  options: SharedOptions & SourceOptions & TargetOptions,
): Promise<void> {
  const { sources, target: endpoint, followLinks = false, warn, signal } = options
  await using trees = await CopyTrees.open(engine, [...sources, endpoint], options)
  const origins = sources.flatMap((source) => trees.origins(source, followLinks))
  const target = trees.of(endpoint).target(endpoint.path)
  const shown = showEndpoint(endpoint)
  if (origins.length > 1 && target.kind !== 'directory') {
    throw new StrakeError(
      'INVALID',
      `Cannot copy several files to ${shown}: it is not a directory`,
      {
        remedy: 'make the directory first',
      },
    )
  }
  const writing = writeOptions(trees, options, sources)
  for (const origin of origins) {
    const { directory, name } = placeCopy(origin, target, shown)
    const into = treeCalls.entryStatus(directory.fd)?.identity
    using writer = new TreeWriter(trees.of(endpoint), directory, writing)
    for await (const entry of trees.read(origin, { name, into, warn, signal })) {
      await writer.write(entry)
    }
    writer.finish()
  }
  for (const source of sources) await trees.note('archive-path', source)
  await trees.note('extract-to-dir', endpoint)
}

/** Writes files of containers to standard output, as one tar archive. */
export async function copyToArchive(
  engine: Engine,
  options: SharedOptions & SourceOptions,
): Promise<void> {
  await writeArchive(counted(archiveBytes(engine, options), options.copied), options)
}

/** Like `copyToArchive`, for a caller that reads the archive itself. */
export async function* archiveBytes(
  engine: Engine,
  options: Omit<SharedOptions, 'copied'> & SourceOptions,
): Bytes {
  const { sources, followLinks = false } = options
  await using trees = await CopyTrees.open(engine, sources, options)
  const origins = sources.flatMap((source) => trees.origins(source, followLinks))
  async function* entries(): AsyncGenerator<TarInput> {
    for (const origin of origins) {
      for await (const entry of trees.read(origin, { ...options, name: archiveName(origin) })) {
        // As in Docker, an archive has whole seconds, which need no second header.
        yield { ...entry, mtimeNanoseconds: 0 }
      }
    }
  }
  yield* writeTar(entries())
  for (const source of sources) await trees.note('archive-path', source)
}

export interface UnpackOptions extends SharedOptions, TargetOptions {
  /** The archive. Default: standard input. */
  readonly input?: Bytes | undefined
}

/** Unpacks a tar archive, compressed or not, in a directory of a container. */
export async function copyFromArchive(engine: Engine, options: UnpackOptions): Promise<void> {
  const { target: endpoint, warn, signal } = options
  await using trees = await CopyTrees.open(engine, [endpoint], options)
  const directory = requireDirectory(trees.of(endpoint).target(endpoint.path), endpoint)
  const archive = options.input ?? readArchive({ path: '-', isStream: true }, signal)
  const plain = decompress(archive, { foreign: decodeWithProgram })
  using writer = new TreeWriter(trees.of(endpoint), directory, writeOptions(trees, options, []))
  for await (const entry of readTar(plain, { warn })) {
    signal?.throwIfAborted()
    await writer.write(entry)
  }
  writer.finish()
  await trees.note('extract-to-dir', endpoint)
}

function writeOptions(
  trees: CopyTrees,
  { target, archive, warn, copied = () => {}, signal }: SharedOptions & TargetOptions,
  sources: readonly CopyEndpoint[],
): WriteTreeOptions {
  const shared = { warn, copied, signal }
  const view = trees.viewOf(target)
  if (target.volume !== undefined) return shared
  if (view === undefined) {
    const caller = { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 }
    return archive ? shared : { ...shared, owner: caller, isPlain: true }
  }
  const { user } = view.container.settings
  const isFromContainer = sources.some(({ container }) => container !== undefined)
  if (!archive || user === '' || isFromContainer) return shared
  return { ...shared, owner: resolveUser(view.view, user) }
}

function requireDirectory(target: Target, endpoint: CopyEndpoint): Target['directory'] {
  if (target.kind === 'directory') return target.directory
  const shown = showEndpoint(endpoint)
  throw new StrakeError('INVALID', `Cannot unpack an archive at ${shown}: it is not a directory`, {
    remedy: 'name an existing directory of the container',
  })
}

function archiveName({ contentsOnly, name }: { contentsOnly: boolean; name: string }): string {
  return contentsOnly ? '.' : name
}

async function* counted(bytes: Bytes, copied: ((size: number) => void) | undefined): Bytes {
  for await (const chunk of bytes) {
    copied?.(chunk.length)
    yield chunk
  }
}
