import { posix } from 'node:path'
import { StrakeError } from '#oci'
import { printableName } from '#tar'
import { readRemote } from '../source/git-url.ts'
import type { Repository } from './repository.ts'

/** What `.gitmodules` has for one path. */
interface Submodule {
  url?: string
  update?: string
}

export type Submodules = ReadonlyMap<string, Submodule>

/** Reads `.gitmodules` of a commit, without files that it includes. By path. */
export async function submodulesOf(repository: Repository, commit: string): Promise<Submodules> {
  const args = ['config', '--blob', `${commit}:.gitmodules`, '--no-includes', '-z', '--list']
  const { code, stdout } = await repository.inside(args)
  const sections = new Map<string, Submodule & { path?: string }>()
  for (const line of code === 0 ? stdout.split('\0') : []) {
    const [, name = '', key, value = ''] =
      /^submodule\.(.*)\.(path|url|update)\n(.*)$/s.exec(line) ?? []
    if (key !== 'path' && key !== 'url' && key !== 'update') continue
    const section = sections.get(name) ?? {}
    section[key] = value
    sections.set(name, section)
  }
  const byPath = [...sections.values()].flatMap((each) =>
    each.path === undefined ? [] : [[each.path, each] as const],
  )
  return new Map(byPath)
}

/**
 * Returns the remote of the submodule at a path, or `undefined` when the repository
 * says that it is not checked out. Only HTTP, SSH and git's protocol are allowed, never
 * a file of this machine. Throws `INVALID` for another URL.
 */
export function submoduleAt(known: Submodules, path: string, parent: string): string | undefined {
  const { url, update } = known.get(path) ?? {}
  if (update === 'none') return undefined
  const reason =
    url === undefined
      ? 'has no URL in .gitmodules'
      : `has a URL that is not allowed: ${printableName(url)}`
  const found =
    url === undefined ? undefined : readRemote(isRelative(url) ? join(parent, url) : url)
  if (found !== undefined && found.query === '' && found.fragment === '') return found.remote
  throw new StrakeError(
    'INVALID',
    `Cannot check out ${parent}: the submodule ${printableName(path)} ${reason}`,
    { remedy: 'leave the submodules out with ?submodules=false' },
  )
}

function isRelative(url: string): boolean {
  return url.startsWith('./') || url.startsWith('../')
}

/** A URL relative to that of the repository. It does not leave the host. */
function join(parent: string, relative: string): string {
  const [, host = '', slash = '', path = ''] =
    /^(\w+:\/\/[^/]*|[^/:]*@[^/:]*:)(\/?)(.*)$/s.exec(parent) ?? []
  return `${host}${slash}${posix.join('/', path, relative).slice(1)}`
}
