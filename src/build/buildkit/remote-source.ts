import { encodeJson, sha256 } from '#oci'
import type { AddOp, GitSource } from '../model/graph.ts'
import type { HttpMaterial, Material } from '../model/provenance.ts'
import { absolute, type Operation, sourceDigest } from './operation.ts'

/** A download or a repository of ADD, and the path that is copied of it. */
export interface RemoteSource {
  readonly made: Operation
  /** Absolute. */
  readonly path: string
}

/**
 * The sources of ADD on other machines, from the versions that were found there: first the
 * downloads, and then the repositories. Returns `undefined` when a version is not known, and for
 * forms whose digests are not known here.
 */
export function remoteSources(
  op: AddOp,
  materials: readonly Material[],
): readonly RemoteSource[] | undefined {
  const { urls, repositories = [] } = op
  if (materials.length !== urls.length + repositories.length) return undefined
  // Our plan does not have the order in which the instruction names downloads and repositories.
  if (urls.length > 0 && repositories.length > 0) return undefined
  const found = materials.map((material, at) => {
    const url = urls[at]
    const repository = repositories[at]
    const name = url === undefined ? undefined : downloadName(url)
    if (name !== undefined && material.kind === 'http') return download(name, op, material)
    if (repository === undefined || material.kind !== 'git') return undefined
    return checkout(repository, material.commit)
  })
  const known = found.flatMap((each) => each ?? [])
  return known.length === found.length ? known : undefined
}

/** BuildKit identifies a download by its name, digest and time, in the JSON of Go. */
function download(name: string, op: AddOp, { digest, modified }: HttpMaterial): RemoteSource {
  const key = encodeJson({
    Filename: safeName(name),
    Perm: 0,
    UID: 0,
    GID: 0,
    Checksum: op.checksum ?? digest,
    ...(op.checksum === undefined && modified !== undefined && timeMember(modified)),
  })
  return { made: { digest: sourceDigest(sha256(key)), inputs: [] }, path: absolute(name) }
}

/** A server is asked for the time unless there is a checksum. */
function timeMember(modified: string): object {
  const time = new Date(modified)
  return Number.isNaN(time.getTime()) ? {} : { LastModTime: time.toUTCString() }
}

/** The name of a download. Returns `undefined` for a URL with a malformed escape. */
export function downloadName(url: string): string | undefined {
  const path = decodedPath(new URL(url).pathname)
  if (path === undefined) return undefined
  const name = path.split('/').findLast((each) => each !== '')
  return name === undefined || name === '.' ? '__unnamed__' : name
}

function decodedPath(path: string): string | undefined {
  try {
    return decodeURIComponent(path)
  } catch (error) {
    if (error instanceof URIError) return undefined
    throw error
  }
}

/** As `SafeFileName` of BuildKit. */
function safeName(name: string): string {
  const trimmed = name.trim()
  const isSafe = trimmed !== '' && trimmed !== '..' && !/[\p{Cc}]/u.test(trimmed)
  return isSafe ? trimmed : 'download'
}

/** BuildKit identifies files of a repository by their commit. With `.git`, the ref counts too. */
function checkout(
  { subdir, submodules, keepGitDir }: GitSource,
  commit: string,
): RemoteSource | undefined {
  if (keepGitDir === true) return undefined
  const directory = subdir === undefined ? '' : `:${subdir}`
  const key = `${commit}${directory}${submodules ? '' : '(skip-submodules)'}`
  return { made: { digest: sourceDigest(key), inputs: [] }, path: '/' }
}
