import { mkdir } from 'node:fs/promises'
import { parseBoolean } from '#dockerfile'
import { isStrakeError, StrakeError, sha256 } from '#oci'
import { type Bytes, limited, toBuffer } from '#stream'
import { checkOut } from '../git/checkout.ts'
import { Repository } from '../git/repository.ts'
import { gitServices, type RemoteAccess } from '../git/services.ts'
import { checkVersion, lockedCommit, lockedDigest } from '../lock/lock.ts'
import type { GitMaterial, HttpMaterial } from '../model/provenance.ts'
import type { SourcePolicy } from '../model/source-policy.ts'
import { allowedSource, allowedUrl } from '../source/allowed.ts'
import { type GitUrl, gitMaterial, parseGitUrl } from '../source/git-url.ts'
import { openDownload } from '../source/http.ts'
import { authorizationFor, readHttpUrl } from '../source/http-credentials.ts'
import { hashWhole } from '../source/whole-hash.ts'
import { readBuildInput } from './build-input.ts'
import { unpackContext } from './context-archive.ts'
import { decodeText, maxTextSize } from './text.ts'

/** A context of another machine, with its files in a directory. */
export interface RemoteContext {
  /** The time of the commit, in seconds since 1970. */
  readonly time?: number | undefined
  /** The time that the server names, else that of the newest file of an archive. */
  readonly modified?: number | undefined
  /** The Dockerfile, if the URL is that of a Dockerfile. Then there are no files. */
  readonly dockerfile?: { readonly text: string } | undefined
  readonly material: GitMaterial | HttpMaterial
}

export interface RemoteOptions {
  /** A directory that is made for the files. */
  readonly directory: string
  readonly access: RemoteAccess
  readonly sourcePolicy?: SourcePolicy | undefined
  /** The value of BUILDKIT_CONTEXT_KEEP_GIT_DIR. */
  readonly keepGitDir?: string | undefined
  readonly signal: AbortSignal
}

/** The largest archive of a context, in bytes. */
const maxArchive = 16 * 2 ** 30

/** True when the text is the URL of a repository or of a file on a web server. */
export function isRemoteContext(text: string): boolean {
  return /^https?:\/\//i.test(text) || readGitContext(text) !== undefined
}

/** Reads a repository, an archive or a Dockerfile. Throws `UNAVAILABLE`, and `INVALID` for other bytes. */
export async function openRemoteContext(
  url: string,
  options: RemoteOptions,
): Promise<RemoteContext> {
  const git = readGitContext(url)
  return git === undefined ? await fetchContext(url, options) : await cloneContext(git, options)
}

/**
 * Returns the time of a commit, or of a file of a web server: the one that the server names, else that of
 * the newest file of an archive. `undefined` for a path of this machine.
 */
export async function remoteTime(url: string, options: RemoteOptions): Promise<number | undefined> {
  const git = readGitContext(url)
  if (git !== undefined) return (await cloneContext(git, options)).time
  if (!/^https?:\/\//i.test(url)) return undefined
  refuseTimeOfServer(options)
  return await naming(url, async () => {
    const { bytes, modified } = await bytesOf(url, options)
    if (modified !== undefined) return modified
    const input = await readBuildInput(bytes)
    if ('text' in input) return undefined
    return (await unpackContext(input, options.directory, options.signal)).newest
  })
}

/** A lock file has the content of a URL, and not the time that a server may change. */
export function refuseTimeOfServer({ access: { lock } }: Pick<RemoteOptions, 'access'>): void {
  if (lock === undefined || lock.isOfProvenance === true) return
  throw new StrakeError(
    'INVALID',
    'Cannot use the time of a web server: the lock file does not have it',
    { remedy: 'give SOURCE_DATE_EPOCH as seconds since 1970' },
  )
}

/** As with Docker, `github.com/owner/name` needs no scheme. */
function readGitContext(text: string): GitUrl | undefined {
  const [, name, rest = ''] = /^(github\.com\/[^?#]+?)(?:\.git)?\/?([?#].*)?$/s.exec(text) ?? []
  return parseGitUrl(name === undefined ? text : `https://${name}.git${rest}`)
}

async function cloneContext(
  { source: named, userinfo }: GitUrl,
  { directory, access, keepGitDir = '', sourcePolicy, signal }: RemoteOptions,
): Promise<RemoteContext> {
  const source = allowedSource(named, sourcePolicy)
  const own = userinfo === undefined ? access.userinfo : new Map([[named.remote, userinfo]])
  const services = gitServices({ ...access, userinfo: own }, signal)
  const wanted = { remote: source.remote, isNamed: true }
  const find = async (): Promise<string> =>
    (await Repository.open(`${directory}.found`, wanted, services)).resolve(source)
  const commit = lockedCommit(access.lock, gitMaterial(source, '').url) ?? (await find())
  const { time } = await checkOut(source, commit, directory, {
    ...services,
    scratch: `${directory}.git`,
    keepGitDir: source.keepGitDir ?? parseBoolean(keepGitDir) === true,
  })
  return { time, material: gitMaterial(source, commit) }
}

async function fetchContext(
  text: string,
  { directory, ...options }: RemoteOptions,
): Promise<RemoteContext> {
  return await naming(text, async () => {
    const { url, bytes, modified } = await bytesOf(text, options)
    const locked = lockedDigest(options.access.lock, 'http', url)
    const whole = hashWhole(bytes)
    const proved = async (): Promise<HttpMaterial> => {
      const digest = await whole.digest()
      checkVersion(url, locked, digest)
      return { kind: 'http', url, digest }
    }
    const input = await readBuildInput(whole.bytes)
    if ('text' in input) {
      await mkdir(directory, { mode: 0o700 })
      return { dockerfile: input, material: await proved() }
    }
    const { newest } = await unpackContext(input, directory, options.signal)
    return { modified: modified ?? newest, material: await proved() }
  })
}

/** A Dockerfile of a web server. */
export interface FetchedDockerfile {
  readonly text: string
  readonly material: HttpMaterial
}

/** Downloads the text of a Dockerfile. */
export async function fetchDockerfile(
  text: string,
  options: Omit<RemoteOptions, 'directory'>,
): Promise<FetchedDockerfile> {
  return await naming(text, async () => {
    const { url, bytes } = await bytesOf(text, options)
    const raw = await toBuffer(bytes, maxTextSize, 'the Dockerfile')
    checkVersion(url, lockedDigest(options.access.lock, 'http', url), sha256(raw))
    return { text: decodeText(raw, url), material: { kind: 'http', url, digest: sha256(raw) } }
  })
}

async function bytesOf(
  text: string,
  { access, sourcePolicy, signal }: Omit<RemoteOptions, 'directory'>,
): Promise<{ readonly url: string; readonly bytes: Bytes; readonly modified?: number }> {
  const { url: named, userinfo } = readHttpUrl(text)
  const { url, checksum } = allowedUrl({ url: named, checksum: undefined }, sourcePolicy)
  if (checksum !== undefined) {
    throw new StrakeError('INVALID', `Cannot use ${url}: a context cannot have a checksum`, {
      remedy: 'pin it in the Dockerfile, with ADD --checksum',
    })
  }
  const { origin, pathname } = new URL(url)
  const own = userinfo === undefined ? access.userinfo : new Map([[origin + pathname, userinfo]])
  const { body, response } = await openDownload(
    url,
    {
      from: access.downloads,
      isProved: false,
      signal,
      headers: (to) => authorizationFor(to, { ...access, userinfo: own }),
    },
    access.http,
  )
  const time = Date.parse(response.headers.get('last-modified') ?? '') / 1000
  return {
    url,
    bytes: limited(body, maxArchive, origin + pathname),
    ...(Number.isFinite(time) && { modified: time }),
  }
}

/** Names the URL in errors of ADD's downloads and of archives. */
async function naming<T>(text: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    if (!isStrakeError(cause) || !URL.canParse(text)) throw cause
    const { origin, pathname } = new URL(text)
    const message = cause.message
      .replace(/^Cannot add /, 'Cannot build from ')
      .replace('standard input', origin + pathname)
    throw new StrakeError(cause.code, message, { cause, remedy: cause.remedy })
  }
}
