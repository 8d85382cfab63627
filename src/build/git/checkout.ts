import { lstat, mkdir, rename, rm } from 'node:fs/promises'
import { StrakeError } from '#oci'
import { isSystemError } from '#platform'
import { printableName } from '#tar'
import type { GitSource } from '../model/graph.ts'
import { formatGitSource } from '../source/git-url.ts'
import { clampTimes } from '../times/clamp-times.ts'
import { type GitServices, Repository } from './repository.ts'
import { submoduleAt, submodulesOf } from './submodules.ts'
import { listTree, type TreeBudget } from './tree-listing.ts'

/** The files of a commit, in a directory. */
export interface Checkout {
  /** The time of the commit, in seconds since 1970. It is usually the time of every file. */
  readonly time: number
}

export interface CheckoutOptions extends GitServices {
  /** A directory for the repositories. It is made, and may be removed afterwards. */
  readonly scratch: string
  readonly keepGitDir: boolean
  /** The most files and bytes of a checkout. The default is a million files and 16 GiB. */
  readonly most?: Readonly<TreeBudget> | undefined
}

const usualMost: Readonly<TreeBudget> = { files: 1_000_000, bytes: 16 * 2 ** 30 }

/** The most submodules of a checkout, and of submodules in submodules. */
const maxModules = 200
const maxDepth = 8

/**
 * Writes the files of a commit into the new directory `destination`, submodules
 * included. Neither links nor names of the repository lead out of it, and a commit with
 * too many or too large files is refused before the first file is written. Throws
 * `NOT_FOUND` for a subdirectory that is absent or is a link.
 */
export async function checkOut(
  source: GitSource,
  commit: string,
  destination: string,
  options: CheckoutOptions,
): Promise<Checkout> {
  await mkdir(options.scratch, { mode: 0o700 })
  await mkdir(destination, { mode: 0o755 })
  const budget = { ...(options.most ?? usualMost), modules: maxModules }
  const work = new Work(options, budget)
  const { repository, time } = await work.write(
    { ...source, commit, isNamed: true },
    destination,
    0,
  )
  if (options.keepGitDir && source.subdir === undefined) {
    await keepRepository(repository, commit, destination)
  }
  if (source.hasCheckoutTimes !== true) clampTimes(destination, time)
  await rm(options.scratch, { recursive: true, force: true })
  return { time }
}

interface Wanted extends GitSource {
  readonly commit: string
  readonly isNamed: boolean
}

class Work {
  readonly #options: CheckoutOptions
  readonly #budget: TreeBudget & { modules: number }
  #count = 0

  constructor(options: CheckoutOptions, budget: TreeBudget & { modules: number }) {
    this.#options = options
    this.#budget = budget
  }

  /** Writes one repository, and its submodules below it. */
  async write(
    wanted: Wanted,
    destination: string,
    depth: number,
  ): Promise<{ readonly repository: Repository; readonly time: number }> {
    const { commit, subdir, ref, remote, isNamed } = wanted
    const directory = `${this.#options.scratch}/${this.#count++}`
    const repository = await Repository.open(directory, { remote, isNamed }, this.#options)
    await repository.fetch(commit, ref)
    const tree = await treeOf(repository, wanted)
    const links = await listTree(repository, tree, this.#budget)
    const env = { GIT_INDEX_FILE: `${directory}/index` }
    const place = ['--work-tree', destination]
    await repository.must([...place, 'read-tree', tree], { env })
    await repository.must([...place, 'checkout-index', '--all', '--force', '--quiet'], { env })
    if (wanted.submodules && links.length > 0) {
      const known = await submodulesOf(repository, commit)
      for (const link of links) {
        const path = subdir === undefined ? link.path : `${subdir}/${link.path}`
        const module = submoduleAt(known, path, remote)
        if (module === undefined) continue
        if (--this.#budget.modules < 0 || depth >= maxDepth) throw tooManyModules(remote)
        const below = await openPlace(destination, link.path)
        const next = { remote: module, commit: link.commit, submodules: true, isNamed: false }
        await this.write(next, below, depth + 1)
      }
    }
    const time = Number(await repository.must(['show', '--no-patch', '--format=%ct', commit, '--']))
    return { repository, time: Number.isSafeInteger(time) && time >= 0 ? time : 0 }
  }
}

/** The tree of the subdirectory. Git looks only for directories here, and follows no link. */
async function treeOf(
  repository: Repository,
  { commit, subdir, ...source }: Wanted,
): Promise<string> {
  const name = `${commit}:${subdir ?? ''}`
  const { code, stdout } = await repository.inside(['rev-parse', '--verify', '--quiet', `${name}`])
  const tree = stdout.trim()
  const type = code === 0 ? await repository.inside(['cat-file', '-t', tree]) : undefined
  if (type?.stdout.trim() === 'tree') return tree
  const shown = formatGitSource({ ...source, ...(subdir !== undefined && { subdir }) })
  throw new StrakeError(
    'NOT_FOUND',
    `Cannot use ${shown}: the commit has no directory ${printableName(subdir ?? '/')}`,
  )
}

/** Makes the directory of a submodule. Every directory on the way is a real one, not a link. */
async function openPlace(root: string, path: string): Promise<string> {
  let at = root
  for (const name of path.split('/')) {
    at = `${at}/${name}`
    try {
      await mkdir(at, { mode: 0o755 })
    } catch (error) {
      if (!isSystemError(error, 'EEXIST')) throw error
      if (!(await lstat(at)).isDirectory()) {
        const reason = `its submodule ${printableName(path)} is in the place of a link`
        throw new StrakeError('INVALID', `Cannot check out the repository: ${reason}`)
      }
    }
  }
  return at
}

/**
 * Moves the repository below the files. Its index has no times, so that it is the same
 * in every build. The configuration gets the URL without a password.
 */
async function keepRepository(
  repository: Repository,
  commit: string,
  destination: string,
): Promise<void> {
  await repository.must(['update-ref', '--no-deref', 'HEAD', commit])
  await repository.must(['read-tree', commit])
  await repository.must(['config', 'remote.origin.url', repository.remote])
  const fetch = '+refs/heads/*:refs/remotes/origin/*'
  await repository.must(['config', 'remote.origin.fetch', fetch])
  await rm(`${repository.gitDirectory}/FETCH_HEAD`, { force: true })
  await rm(`${destination}/.git`, { recursive: true, force: true })
  await rename(repository.gitDirectory, `${destination}/.git`)
}

function tooManyModules(remote: string): StrakeError {
  return new StrakeError(
    'INVALID',
    `Cannot check out ${remote}: it has more than ${maxModules} submodules, or ${maxDepth} in each other`,
    { remedy: 'leave the submodules out with ?submodules=false' },
  )
}
