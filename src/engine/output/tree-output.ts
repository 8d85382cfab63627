import { mkdir } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Image } from '#image'
import { applyLayer } from '#layer'
import { formatPlatform } from '#oci'
import { mkdtempDisposable } from '#platform'
import { ownedName } from '#snapshot'
import { type Emit, silent } from '#stream'
import type { TarInput } from '#tar'
import { writeArchive } from '../archive/output-file.ts'
import { scratchOf } from '../begin-work.ts'
import type { Engine } from '../engine.ts'
import { ensureUnpacked } from '../image/ensure-unpacked.ts'
import { attestationFiles } from './attestation-files.ts'
import type { Attestor } from './attestor.ts'
import type { ResultReceiver, TreeOutput } from './build-output.ts'
import { type PackedTree, packTrees } from './pack-trees.ts'
import { removeOthers } from './remove-others.ts'
import { openResultPart } from './result-part.ts'

export interface DeliverOptions {
  /** Treats one platform as several: an index, and a directory for the platform. */
  readonly forcesIndex?: boolean | undefined
  /** Absent without attestations. */
  readonly attestor?: Attestor | undefined
  readonly emit?: Emit | undefined
  readonly signal?: AbortSignal | undefined
}

/** Writes the files of one or several platforms. */
export async function writeTrees(
  engine: Engine,
  images: readonly Image[],
  output: TreeOutput,
  options: DeliverOptions,
): Promise<void> {
  const { emit, signal, forcesIndex = false } = options
  const splits = output.splitsPlatforms ?? (forcesIndex || images.length > 1)
  await using mounted = new AsyncDisposableStack()
  const snapshots = await engine.snapshots()
  const trees: PackedTree[] = []
  for (const [at, image] of images.entries()) {
    const directory = splits ? directoryOf(image) : undefined
    const chainId = await ensureUnpacked(engine, image, { emit, signal })
    // An image without layers has no file system, and its directory is empty.
    const view = chainId === null ? undefined : mounted.use(await snapshots.view(chainId))
    const whole = view?.root ?? (await emptyDirectory(engine))
    const part =
      output.source === undefined ? undefined : mounted.use(openResultPart(whole, output.source))
    const root = part?.root ?? whole
    const suffix = images.length > 1 && !splits ? directoryOf(image) : undefined
    const named = { prefix: output.attestationPrefix, suffix }
    const attestations = (await options.attestor?.(at, image)) ?? []
    const files = await attestationFiles(attestations, { root, image, named, signal })
    trees.push({ root, directory, files })
  }
  const { kind, destination, receiver } = output
  if (receiver !== undefined) await giveTrees(engine, trees, { ...output, receiver }, options)
  else if (kind === 'tar') {
    await writeArchive(packTrees(trees, { signal }), { file: destination, signal })
  } else {
    await writeDirectory(trees, { ...output, destination: destination ?? '.' }, options)
  }
}

/** Gives the trees to a receiver: as an archive, or in a directory of their own. */
async function giveTrees(
  engine: Engine,
  trees: readonly PackedTree[],
  output: TreeOutput & { readonly receiver: ResultReceiver },
  options: DeliverOptions,
): Promise<void> {
  const { kind, receiver } = output
  const { signal } = options
  if (kind === 'tar') return await receiver.archive(packTrees(trees, { signal }), undefined)
  const parent = scratchOf(engine)
  await mkdir(parent, { recursive: true, mode: 0o700 })
  // The next build removes a directory with this name after this process was killed.
  await using place = await mkdtempDisposable(parent, `${ownedName('build')}.`)
  const destination = `${place.path}/result`
  await writeDirectory(trees, { ...output, destination, isMirror: false }, options)
  await receiver.directory(destination)
}

/** `linux_arm_v7`, the name that BuildKit gives the directory of a platform. */
function directoryOf({ config }: Image): string {
  return formatPlatform(config).replaceAll('/', '_')
}

async function emptyDirectory({ run }: Engine): Promise<string> {
  const path = `${run}/empty`
  await mkdir(path, { recursive: true, mode: 0o700 })
  return path
}

/**
 * Writes trees into a directory of the user. The files belong to the user of this process:
 * devices, setuid bits and attributes stay in the image. Links in the directory are replaced,
 * never followed.
 */
async function writeDirectory(
  trees: readonly PackedTree[],
  { destination, isMirror }: TreeOutput & { readonly destination: string },
  { emit = silent, signal }: DeliverOptions,
): Promise<void> {
  const root = resolve(destination)
  await mkdir(root, { recursive: true })
  const written = new Set<string>()
  let devices = 0
  const change = (entry: TarInput): TarInput | undefined => {
    if (entry.type === 'block' || entry.type === 'character') {
      devices += 1
      return undefined
    }
    written.add(entry.path)
    return asOwn(entry)
  }
  await applyLayer(packTrees(trees, { change, signal }), root, {
    limits: { totalSize: Number.MAX_SAFE_INTEGER },
    emit,
    signal,
  })
  if (devices > 0) {
    emit({ type: 'warning', message: `${devices} devices of the image were not written` })
  }
  if (isMirror) removeOthers(root, written)
}

function asOwn(entry: TarInput): TarInput {
  const { xattrs: _, ...rest } = entry
  const [uid, gid] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0]
  const mode = entry.mode === undefined ? {} : { mode: entry.mode & 0o1777 }
  return { ...rest, ...mode, uid, gid }
}
