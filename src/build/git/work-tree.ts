import { open } from 'node:fs/promises'
import { dirname, relative, resolve } from 'node:path'

/** What a directory of this machine was checked out from. */
export interface WorkTree {
  /** The directory that is checked out. */
  readonly top: string
  /** The name of the commit. Changed files do not count. */
  readonly revision?: string | undefined
  /** The URL of the remote repository, without a password. */
  readonly remote?: string | undefined
}

/**
 * Returns what a directory was checked out from, `undefined` if it is in no repository.
 *
 * It reads the files of the repository without git, because git would run programs that the
 * configuration of the repository names.
 */
export async function readWorkTree(directory: string): Promise<WorkTree | undefined> {
  const repository = await findRepository(directory)
  if (repository === undefined) return undefined
  const { top, common } = repository
  const config = readConfig((await readText(`${common}/config`)) ?? '')
  const branch = /^ref: refs\/heads\/(\S+)$/m.exec((await readText(`${repository.own}/HEAD`)) ?? '')
  const tracked = config.get(`branch.${branch?.[1] ?? ''}.remote`) ?? ''
  const url = [tracked, 'origin', 'upstream'].flatMap(
    (name) => config.get(`remote.${name}.url`) ?? [],
  )
  return { top, revision: await resolveHead(repository), remote: withoutUser(url[0]) }
}

/** The path of a directory below the top of a work tree, `.` for the top, and `undefined` outside. */
export function pathInTree({ top }: WorkTree, directory: string): string | undefined {
  const path = relative(top, directory) || '.'
  return path === '..' || path.startsWith('../') ? undefined : path
}

/** SSH needs the name of its user, which is no secret. */
function withoutUser(url: string | undefined): string | undefined {
  return url?.replace(/^(https?:\/\/)[^/@]*@/i, '$1')
}

/**
 * Reads the entries of a configuration that has no includes, by `section.subsection.name`. Values
 * that continue on the next line are cut there.
 */
function readConfig(text: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  let section = ''
  for (const line of text.split('\n')) {
    const [, name, sub] = /^\s*\[([\w.-]+)(?:\s+"((?:[^"\\]|\\.)*)")?\]/.exec(line) ?? []
    if (name !== undefined) {
      section = `${name.toLowerCase()}.${sub === undefined ? '' : `${sub.replace(/\\(.)/g, '$1')}.`}`
      continue
    }
    const [, key, value] =
      /^\s*([A-Za-z][\w-]*)\s*=\s*"?([^"#;]*?)"?\s*(?:[#;].*)?$/.exec(line) ?? []
    if (key !== undefined && value !== undefined) found.set(section + key.toLowerCase(), value)
  }
  return found
}

/** The files of a repository of this machine. */
export interface LocalRepository {
  /** The directory that is checked out. */
  readonly top: string
  /** The directory with HEAD. */
  readonly own: string
  /** The directory with objects and refs. Work trees share that of their repository. */
  readonly common: string
}

/** Finds the repository that a directory is in. */
export async function findRepository(directory: string): Promise<LocalRepository | undefined> {
  for (let at = directory; ; at = dirname(at)) {
    const own = await repositoryAt(`${at}/.git`)
    if (own !== undefined) {
      const common = await readText(`${own}/commondir`)
      return { top: at, own, common: common === undefined ? own : resolve(own, common.trim()) }
    }
    if (at === dirname(at)) return undefined
  }
}

/** `.git` is a directory, or a file with the path of a directory. */
async function repositoryAt(path: string): Promise<string | undefined> {
  if ((await readText(`${path}/HEAD`)) !== undefined) return path
  const link = /^gitdir: (.+)$/m.exec((await readText(path)) ?? '')?.[1]
  return link === undefined ? undefined : resolve(dirname(path), link.trim())
}

const objectName = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/

/** The name of the commit that is checked out. */
export async function resolveHead(repository: LocalRepository): Promise<string | undefined> {
  let name = 'HEAD'
  for (let hops = 0; hops < 5; hops++) {
    const value = (await readRef(repository, name))?.trim() ?? ''
    if (objectName.test(value)) return value
    const target = /^ref: (refs\/\S+)$/.exec(value)?.[1]
    if (target === undefined || target.includes('..')) return undefined
    name = target
  }
  return undefined
}

async function readRef(
  { own, common }: LocalRepository,
  name: string,
): Promise<string | undefined> {
  const loose = (await readText(`${own}/${name}`)) ?? (await readText(`${common}/${name}`))
  if (loose !== undefined) return loose
  const packed = (await readText(`${common}/packed-refs`)) ?? ''
  return packed
    .split('\n')
    .find((line) => line.endsWith(` ${name}`))
    ?.split(' ', 1)[0]
}

const maxText = 16 * 1024 * 1024

async function readText(path: string): Promise<string | undefined> {
  try {
    await using file = await open(path, 'r')
    const status = await file.stat()
    return status.isFile() && status.size <= maxText ? await file.readFile('latin1') : undefined
  } catch {
    return undefined
  }
}
