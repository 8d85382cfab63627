import { type Digest, isDigest } from '#oci'
import { cachePath, readCacheFile, writeCacheFile } from '../files/cache-file.ts'
import { createFileDigests } from '../files/digests.ts'
import type { LearnedTree } from '../files/learned-file.ts'
import { type Selection, selectSources } from '../files/select-sources.ts'
import { openTree } from '../files/tree.ts'
import { checkOut } from '../git/checkout.ts'
import { Repository } from '../git/repository.ts'
import { gitServices } from '../git/services.ts'
import { hashOwnFiles } from '../layers/files-hash.ts'
import { checkVersion, lockedCommit, lockedDigest } from '../lock/lock.ts'
import type { AddOp, GitSource } from '../model/graph.ts'
import type { GitMaterial, HttpMaterial } from '../model/provenance.ts'
import { gitMaterial } from '../source/git-url.ts'
import { ignoresCache, type StepContext } from '../step/workspace.ts'
import { type Downloaded, download, type Validators } from './download.ts'

/** Files of another machine. They are transferred when the layer is made, or earlier. */
export interface RemoteFiles {
  /** Identifies the files. */
  readonly hash: string
  /** Short hashes by path, from which a miss can be explained. */
  readonly summary: Readonly<Record<string, string>>
  readonly material: GitMaterial | HttpMaterial
  /**
   * Opens the files, which `stack` closes. Their hash differs if they changed after
   * `hash` was found.
   */
  open(stack: AsyncDisposableStack): Promise<OpenFiles>
}

export interface OpenFiles extends LearnedTree {
  readonly selections: readonly Selection[]
  readonly hash: string
  readonly material: GitMaterial | HttpMaterial
}

/** The parameters of finding files: the stack closes what is opened. */
export interface Finding {
  readonly context: StepContext
  readonly stack: AsyncDisposableStack
}

/**
 * Finds the file of a URL. A version that an earlier build used is not transferred
 * again: the server is asked whether it changed, or, with `--checksum`, not even that.
 */
export async function findDownload(
  url: string,
  op: AddOp,
  { context, stack }: Finding,
): Promise<RemoteFiles> {
  const { lock, isOffline } = context.facts
  const locked = lockedDigest(lock, 'http', url)
  const checksum = op.checksum ?? locked
  const place = cachePath(context.places.cacheFiles, 'download', `${op.intoDirectory} ${url}`)
  const known = ignoresCache(context) ? undefined : recall(place)
  const transfer = async (
    validators: Validators | undefined,
    into: AsyncDisposableStack,
  ): Promise<RemoteFiles | undefined> => {
    const downloaded = await download(url, op, context, validators)
    if (downloaded === undefined) return undefined
    const { digest } = downloaded
    checkVersion(url, locked, digest)
    const { modified } = downloaded.validators
    const material = { kind: 'http', url, digest, modified } as const
    const opened = await openDownloaded(downloaded, op, { context, stack: into })
    const files = { ...opened, material }
    const checksums = op.checksum === undefined ? [digest] : [digest, op.checksum]
    remember(place, { ...downloaded.validators, hash: files.hash, digest, checksums })
    return { hash: files.hash, summary: { [url]: digest }, material, open: async () => files }
  }
  const isProved =
    known !== undefined && checksum !== undefined && known.checksums.includes(checksum)
  const isAsked = known !== undefined && checksum === undefined
  const isKept = isAsked && isOffline
  const found = isProved || isKept ? undefined : await transfer(isAsked ? known : undefined, stack)
  if (found !== undefined) return found
  if (known === undefined) throw new RangeError('A server said that nothing changed, unasked')
  return {
    hash: known.hash,
    summary: { [url]: known.digest },
    material: { kind: 'http', url, digest: known.digest, modified: known.modified },
    async open(later) {
      const now = await transfer(undefined, later)
      if (now === undefined) throw new RangeError('A server said that nothing changed, unasked')
      return await now.open(later)
    },
  }
}

async function openDownloaded(
  { directory, name }: Downloaded,
  op: AddOp,
  { context, stack }: Finding,
): Promise<Omit<OpenFiles, 'material'>> {
  const tree = stack.use(openTree(directory, { name: 'the download', hasOwners: false }))
  const options = { exclude: op.exclude, parents: false }
  const selections = selectSources(tree, [{ kind: 'path', path: escaped(name) }], options)
  const { hash } = await hashOwnFiles(tree, selections, context.signal)
  return { tree, digests: createFileDigests(tree), selections, hash }
}

/** A name of a server is no pattern. */
function escaped(name: string): string {
  return name.replace(/[\\*?[]/g, '\\$&')
}

interface Known extends Validators {
  readonly hash: string
  readonly digest: Digest
  /** The checksums that the content is known to have. */
  readonly checksums: readonly string[]
}

function remember(place: string, known: Known): void {
  writeCacheFile(place, [Buffer.from(JSON.stringify(known))])
}

function recall(place: string): Known | undefined {
  const [bytes] = readCacheFile(place, 1) ?? []
  if (bytes === undefined) return undefined
  const value: unknown = JSON.parse(Buffer.from(bytes).toString())
  if (typeof value !== 'object' || value === null) return undefined
  if (!('hash' in value && 'digest' in value)) return undefined
  const { hash, digest } = value
  if (typeof hash !== 'string' || typeof digest !== 'string' || !isDigest(digest)) return undefined
  const etag = 'etag' in value && typeof value.etag === 'string' ? value.etag : undefined
  const modified =
    'modified' in value && typeof value.modified === 'string' ? value.modified : undefined
  const listed = 'checksums' in value && Array.isArray(value.checksums) ? value.checksums : []
  const checksums = listed.filter((each): each is string => typeof each === 'string')
  return { hash, digest, checksums, etag, modified }
}

/** Finds the commit of a repository. It is transferred only for making a layer. */
export async function findCommit(
  source: GitSource,
  op: AddOp,
  context: StepContext,
): Promise<RemoteFiles> {
  const { facts, signal } = context
  const services = gitServices({ ...facts, http: context.services.http }, signal)
  const scratch = await context.places.scratch()
  const place = `${scratch}/git-${crypto.randomUUID()}`
  const named = { remote: source.remote, isNamed: true }
  const locked = lockedCommit(facts.lock, gitMaterial(source, '').url)
  const find = async (): Promise<string> =>
    (await Repository.open(`${place}.found`, named, services)).resolve(source)
  const commit = locked ?? (await find())
  const { ref: _, checksum: __, ...fixed } = source
  const hash = `git ${commit} ${JSON.stringify(fixed)}`
  const material = gitMaterial(source, commit)
  return {
    hash,
    summary: { [source.remote]: commit },
    material,
    async open(stack) {
      const keepGitDir = source.keepGitDir === true
      await checkOut(source, commit, place, { ...services, scratch: `${place}.git`, keepGitDir })
      const tree = stack.use(openTree(place, { name: 'the repository', hasOwners: false }))
      const options = { exclude: op.exclude, parents: false }
      const selections = selectSources(tree, [{ kind: 'path', path: '.' }], options)
      return { tree, digests: createFileDigests(tree), selections, hash, material }
    },
  }
}
