import { StrakeError } from '#oci'
import type { GitSource } from '../model/graph.ts'
import { applyPolicy, type SourcePolicy } from '../model/source-policy.ts'
import { formatGitSource, parseGitUrl } from './git-url.ts'

/** A file on a web server. */
export interface UrlSource {
  readonly url: string
  readonly checksum: string | undefined
}

/** Returns the URL by which the source policy replaces a URL. Throws `DENIED`. */
export function allowedUrl(source: UrlSource, policy: SourcePolicy | undefined): UrlSource {
  if (policy === undefined) return source
  const { url, checksum } = source
  const attributes = checksum === undefined ? {} : { 'http.checksum': checksum }
  const found = applyPolicy(policy, { identifier: url, attributes })
  if (found.identifier !== url && !/^https?:\/\//i.test(found.identifier)) {
    throw mismatch(url, found.identifier)
  }
  return { url: found.identifier, checksum: found.attributes['http.checksum'] }
}

/**
 * The repository that the source policy has for a repository. As in BuildKit, the
 * identifier begins with `git://`, and the attribute `git.fullurl` has the real scheme.
 */
export function allowedSource(source: GitSource, policy: SourcePolicy | undefined): GitSource {
  if (policy === undefined) return source
  const { prefix, place } = placeOf(source.remote)
  const { remote: _, ...options } = source
  const identifier = formatGitSource({ ...options, remote: `git://${place}` })
  const attributes = {
    'git.fullurl': source.remote,
    ...(source.checksum !== undefined && { 'git.checksum': source.checksum }),
  }
  const found = applyPolicy(policy, { identifier, attributes })
  const checksum = found.attributes['git.checksum']
  if (found.identifier === identifier) return { ...source, ...(checksum && { checksum }) }
  if (!found.identifier.startsWith('git://')) throw mismatch(identifier, found.identifier)
  const parsed = parseGitUrl(`${prefix}${found.identifier.slice('git://'.length)}`)
  if (parsed === undefined) throw mismatch(identifier, found.identifier)
  const { keepGitDir, submodules } = source
  const { remote, ref, subdir } = parsed.source
  return {
    remote,
    submodules,
    ...(ref !== undefined && { ref }),
    ...(subdir !== undefined && { subdir }),
    ...(checksum && { checksum }),
    ...(keepGitDir !== undefined && { keepGitDir }),
  }
}

/** Returns the host and path of a remote in any notation, and the text before them. */
function placeOf(remote: string): { readonly prefix: string; readonly place: string } {
  const scp = /^([^/:]+@)([^/:]+):(.*)$/s.exec(remote)
  if (scp !== null) {
    const [, user = '', host = '', path = ''] = scp
    return { prefix: `ssh://${user}`, place: `${host}/${path.replace(/^\/+/, '')}` }
  }
  const { protocol, username, host, pathname } = new URL(remote)
  const user = username === '' ? '' : `${username}@`
  return { prefix: `${protocol}//${user}`, place: `${host}${pathname}` }
}

/** Throws `DENIED` when the source policy denies the files of a directory. */
export function allowDirectory(name: string, policy: SourcePolicy | undefined): void {
  const identifier = `local://${name}`
  const found = applyPolicy(policy, { identifier, attributes: {} })
  if (found.identifier !== identifier) throw mismatch(identifier, found.identifier)
}

function mismatch(from: string, to: string): StrakeError {
  return new StrakeError('INVALID', `Cannot use ${to} for ${from}: it is another kind of source`, {
    remedy: 'correct the source policy',
  })
}
