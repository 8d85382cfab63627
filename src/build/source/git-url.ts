import { parseBoolean, suggest } from '#dockerfile'
import { StrakeError } from '#oci'
import type { GitSource } from '../model/graph.ts'
import type { GitMaterial } from '../model/provenance.ts'

/** A parsed URL, and the password that it had. */
export interface GitUrl {
  readonly source: GitSource
  /** `user:password` or `token`, decoded. */
  readonly userinfo?: string | undefined
}

const scpUrl =
  /^([A-Za-z0-9_][\w.-]*)@([A-Za-z0-9][A-Za-z0-9.-]*):(?!\/\/)([^?#]+)(\?[^#]*)?(#.*)?$/s

/**
 * Parses the URL of a git repository: `https://host/name.git`, `ssh://`, `git://` or
 * `user@host:path`, with `#ref:subdir` or `?ref=…&subdir=…`. Returns `undefined` for
 * text that is no such URL. Throws `INVALID` for a URL with parts that git must not get.
 */
export function parseGitUrl(text: string): GitUrl | undefined {
  // Other URLs of the web are files.
  if (/^https?:/i.test(text) && !/^[^?#]*\.git(?:[?#]|$)/.test(text)) return undefined
  const found = readRemote(text)
  if (found === undefined) return undefined
  const { remote, userinfo, query, fragment } = found
  const source = { remote, ...readOptions(text, query, fragment) }
  return { source, userinfo }
}

/** A repository, without the options that may follow it. */
export interface GitRemote {
  readonly remote: string
  readonly userinfo: string | undefined
  readonly query: string
  readonly fragment: string
}

/** Parses the URL of any repository, also of one whose name does not end in `.git`. */
export function readRemote(text: string): GitRemote | undefined {
  const scp = scpUrl.exec(text)
  if (scp !== null) {
    const [, user, host, path = '', query = '', fragment = ''] = scp
    if (!isPlainPath(path)) throw refuse(text, 'its path is not allowed')
    return { remote: `${user}@${host}:${path}`, userinfo: undefined, query, fragment }
  }
  if (!/^(?:https?|ssh|git):\/\//i.test(text) || !URL.canParse(text)) return undefined
  const url = new URL(text)
  const { search: query, hash: fragment } = url
  if (!/^[A-Za-z0-9[]/.test(url.hostname)) throw refuse(text, 'its host is not allowed')
  if (!isPlainPath(decoded(url.pathname))) throw refuse(text, 'its path is not allowed')
  const user = decoded(url.username)
  if (url.protocol === 'http:' || url.protocol === 'https:') {
    const userinfo = url.password === '' ? user : `${user}:${decoded(url.password)}`
    const remote = `${url.origin}${url.pathname}`
    return { remote, userinfo: userinfo || undefined, query, fragment }
  }
  if (url.password !== '') throw refuse(text, 'only an HTTP URL may have a password')
  if (user !== '' && !/^[A-Za-z0-9_][\w.-]*$/.test(user)) {
    throw refuse(text, 'its user is not allowed')
  }
  const at = user === '' ? '' : `${user}@`
  const remote = `${url.protocol}//${at}${url.host}${url.pathname}`
  return { remote, userinfo: undefined, query, fragment }
}

/** The source as a URL, for messages. */
export function formatGitSource({ remote, ref, subdir }: GitSource): string {
  if (ref === undefined && subdir === undefined) return remote
  return `${remote}#${ref ?? ''}${subdir === undefined ? '' : `:${subdir}`}`
}

/** A commit that a build used. The subdirectory is no part of its URL. */
export function gitMaterial({ remote, ref }: GitSource, commit: string): GitMaterial {
  return { kind: 'git', url: ref === undefined ? remote : `${remote}#${ref}`, commit }
}

type Options = Omit<GitSource, 'remote'>

function readOptions(text: string, query: string, fragment: string): Options {
  const byFragment = readFragment(text, fragment)
  if (query === '' || query === '?') return { ...byFragment, submodules: true }
  const byQuery = readQuery(text, query)
  for (const name of ['ref', 'subdir'] as const) {
    if (byFragment[name] !== undefined && byQuery[name] !== undefined) {
      throw refuse(text, `both its query and its fragment set the ${name}`)
    }
  }
  return { ...byFragment, ...byQuery }
}

function readFragment(text: string, fragment: string): Pick<Options, 'ref' | 'subdir'> {
  const words = decoded(fragment.replace(/^#/, ''))
  const colon = words.indexOf(':')
  const ref = colon === -1 ? words : words.slice(0, colon)
  const subdir = colon === -1 ? '' : words.slice(colon + 1)
  return { ...checkedRef(text, ref), ...checkedSubdir(text, subdir) }
}

const keys = ['ref', 'branch', 'tag', 'commit', 'checksum', 'subdir', 'submodules']
const moreKeys = ['keep-git-dir', 'mtime', 'fetch-by-commit']

function readQuery(text: string, query: string): Options {
  const found = new Map<string, string>()
  for (const [key, value] of new URLSearchParams(query)) {
    const known = [...keys, ...moreKeys]
    if (!known.includes(key)) {
      const close = suggest(key, known)
      const remedy =
        close === undefined ? `it may have ${known.join(', ')}` : `did you mean ${close}`
      throw refuse(text, `there is no option ${JSON.stringify(key)}`, remedy)
    }
    if (found.has(key)) throw refuse(text, `it has ${key} twice`)
    found.set(key, value)
  }
  const refs = (['ref', 'branch', 'tag'] as const).filter((key) => found.has(key))
  const [kind, other] = refs
  if (other !== undefined) throw refuse(text, `it has both ${kind} and ${other}`)
  const prefixes = { ref: '', branch: 'refs/heads/', tag: 'refs/tags/' }
  const named = kind === undefined ? '' : `${prefixes[kind]}${found.get(kind)}`
  const checksum = found.get('checksum') ?? found.get('commit')
  if (checksum !== undefined && !/^[0-9a-f]{4,64}$/.test(checksum)) {
    throw refuse(text, `${JSON.stringify(checksum)} is not a commit`)
  }
  const mtime = found.get('mtime') ?? 'commit'
  if (mtime !== 'commit' && mtime !== 'checkout') throw refuse(text, 'mtime is commit or checkout')
  const flag = (name: string, usual: boolean): boolean => {
    const word = found.get(name)
    const value = word === undefined ? usual : parseBoolean(word || 'true')
    if (value === undefined) throw refuse(text, `${name} is true or false`)
    return value
  }
  const byCommit = flag('fetch-by-commit', false)
  if (byCommit && ![checksum ?? '', named].some(isCommit)) {
    throw refuse(text, 'fetch-by-commit needs the whole hash of a commit', 'add commit=HASH')
  }
  const keepGitDir = found.has('keep-git-dir') ? flag('keep-git-dir', false) : undefined
  // A commit needs no question which commit a branch or tag names now.
  const isPinned = isCommit(checksum ?? '') && (named === '' || byCommit)
  return {
    ...checkedRef(text, isPinned ? (checksum ?? '') : named),
    ...checkedSubdir(text, found.get('subdir') ?? ''),
    ...(checksum !== undefined && { checksum }),
    submodules: flag('submodules', true),
    ...(keepGitDir !== undefined && { keepGitDir }),
    ...(mtime === 'checkout' && { hasCheckoutTimes: true }),
  }
}

/** True for the whole hash of a commit. */
export function isCommit(text: string): boolean {
  return /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(text)
}

/** A ref that git cannot mistake for an option, a refspec or a revision expression. */
function checkedRef(text: string, ref: string): Pick<Options, 'ref'> {
  if (ref === '') return {}
  const isAllowed =
    ref.length <= 1024 &&
    /^[^\s\p{Cc}:?*[\\^~+-][^\s\p{Cc}:?*[\\^~]*$/u.test(ref) &&
    !/\.\.|@\{|\/\/|\/$|\.lock(?:\/|$)/.test(ref)
  if (!isAllowed) throw refuse(text, `${JSON.stringify(ref)} is not a ref`)
  return { ref }
}

function checkedSubdir(text: string, subdir: string): Pick<Options, 'subdir'> {
  const names = subdir.split('/').filter((name) => name !== '' && name !== '.')
  const isAllowed = names.every((name) => name !== '..' && !/\p{Cc}/u.test(name))
  if (!isAllowed) throw refuse(text, `${JSON.stringify(subdir)} is not a directory of a repository`)
  return names.length === 0 ? {} : { subdir: names.join('/') }
}

function isPlainPath(path: string): boolean {
  return path !== '' && !path.startsWith('-') && !/\p{Cc}/u.test(path)
}

/** Decodes percent escapes. A malformed escape stays as it is. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch (error) {
    if (error instanceof URIError) return text
    throw error
  }
}

function refuse(text: string, reason: string, remedy?: string): StrakeError {
  const shown = text.replace(/\/\/[^/@]*@/, '//').slice(0, 200)
  return new StrakeError('INVALID', `Cannot use the git repository ${shown}: ${reason}`, { remedy })
}
