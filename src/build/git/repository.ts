import { mkdir } from 'node:fs/promises'
import { suggest } from '#dockerfile'
import { StrakeError } from '#oci'
import type { GitSource } from '../model/graph.ts'
import { formatGitSource, isCommit } from '../source/git-url.ts'
import { type GitCredentials, type GitTarget, prepareAccess } from './git-access.ts'
import { type GitResult, type GitRun, runGit } from './git-program.ts'

/** The services that reading repositories needs. */
export interface GitServices {
  readonly credentials: GitCredentials
  /**
   * Returns the address to connect to for a remote, or `undefined` for any. Throws
   * `DENIED` for a remote that the build may not read.
   */
  readonly addressOf: (remote: string) => Promise<string | undefined>
  readonly signal: AbortSignal
}

const minute = 60_000
/** Time for requests that transfer little. */
const shortTime = 2 * minute
/** Time for a transfer and for writing files. */
const longTime = 60 * minute

/** A local copy of a remote repository, in a directory that only this build uses. */
export class Repository {
  readonly remote: string
  /** The `.git` directory. */
  readonly gitDirectory: string
  readonly #directory: string
  readonly #env: Readonly<Record<string, string>>
  readonly #signal: AbortSignal

  private constructor(
    remote: string,
    directory: string,
    env: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ) {
    this.remote = remote
    this.#directory = directory
    this.gitDirectory = `${directory}/work/.git`
    this.#env = env
    this.#signal = signal
  }

  /** Prepares the access to a remote. `directory` is made. Nothing is transferred. */
  static async open(
    directory: string,
    named: Pick<GitTarget, 'remote' | 'isNamed'>,
    { credentials, addressOf, signal }: GitServices,
  ): Promise<Repository> {
    const address = await addressOf(named.remote)
    await mkdir(directory, { mode: 0o700 })
    const env = await prepareAccess(`${directory}/home`, { ...named, address }, credentials)
    return new Repository(named.remote, directory, env, signal)
  }

  /** Returns the commit that a ref names now. Throws `NOT_FOUND` for a ref that is absent. */
  async resolve({ ref = 'HEAD', checksum }: Pick<GitSource, 'ref' | 'checksum'>): Promise<string> {
    const commit = isCommit(ref) ? ref : await this.#resolveRef(ref)
    if (checksum === undefined || commit.startsWith(checksum)) return commit
    throw new StrakeError(
      'DIGEST_INVALID',
      `Cannot use ${this.#shown(ref)}: its commit is ${commit}, not ${checksum}`,
    )
  }

  async #resolveRef(ref: string): Promise<string> {
    const found = refsOf(await this.#list([ref, `${ref}^{}`]))
    const short = ref.replace(/^refs\//, '')
    const head = `refs/heads/${ref.replace(/^refs\/heads\//, '')}`
    const tag = `refs/tags/${ref.replace(/^refs\/tags\//, '')}`
    // As in git checkout, a branch wins over a tag of the same name.
    const names = [ref === 'HEAD' ? 'HEAD' : `refs/${short}`, head, `${tag}^{}`, tag]
    for (const name of names) {
      const commit = found.get(`${name}^{}`) ?? found.get(name)
      if (commit !== undefined) return commit
    }
    const known = [...refsOf(await this.#list([])).keys()]
    const close = suggest(
      ref,
      known.map((name) => name.replace(/^refs\/(?:heads|tags)\//, '')),
    )
    throw new StrakeError('NOT_FOUND', `Cannot use ${this.#shown(ref)}: there is no such ref`, {
      remedy:
        close === undefined ? 'name a branch, a tag or a whole commit' : `did you mean ${close}`,
    })
  }

  async #list(patterns: readonly string[]): Promise<string> {
    const args = ['ls-remote', '--quiet', '--', this.remote, ...patterns]
    const listed = await this.run(args, { timeout: shortTime })
    if (listed.code === 0) return listed.stdout
    throw this.#unavailable(listed)
  }

  /** Transfers a commit, without its history where the server allows that. */
  async fetch(commit: string, ref: string | undefined): Promise<void> {
    const format = commit.length === 64 ? ['--object-format=sha256'] : []
    await this.must(['init', '--quiet', ...format, '--', `${this.#directory}/work`])
    const fetch = (args: readonly string[]): Promise<GitResult> =>
      this.inside(['fetch', '--quiet', '--no-tags', ...args])
    const shallow = await fetch(['--depth=1', '--', this.remote, commit])
    if (shallow.code === 0) return await this.#checkCommit(commit, ref)
    // An old server does not send a commit by its hash.
    const refs = ['+refs/heads/*:refs/remotes/origin/*', '+refs/tags/*:refs/tags/*']
    const wanted = ref === undefined || isCommit(ref) ? [] : [ref]
    const whole = await fetch(['--', this.remote, ...refs, ...wanted])
    if (whole.code !== 0) throw this.#unavailable(shallow)
    await this.#checkCommit(commit, ref)
  }

  async #checkCommit(commit: string, ref: string | undefined): Promise<void> {
    const { code, stdout } = await this.inside(['cat-file', '-t', commit])
    if (code === 0 && stdout.trim() === 'commit') return
    const reason = `it has no commit ${commit}`
    throw new StrakeError('NOT_FOUND', `Cannot use ${this.#shown(ref ?? commit)}: ${reason}`)
  }

  /** Runs git in the repository. */
  inside(
    args: readonly string[],
    options: Partial<Pick<GitRun, 'onOutput' | 'env' | 'timeout'>> = {},
  ): Promise<GitResult> {
    return this.run(['--git-dir', this.gitDirectory, ...args], options)
  }

  /** Runs git in the repository. Throws `INVALID` when it fails. */
  async must(
    args: readonly string[],
    options: Partial<Pick<GitRun, 'onOutput' | 'env'>> = {},
  ): Promise<string> {
    const isInside = args[0] !== 'init'
    const done = isInside ? await this.inside(args, options) : await this.run(args, options)
    if (done.code === 0) return done.stdout
    throw new StrakeError('INVALID', `Cannot read ${this.remote}: ${done.reason}`)
  }

  run(
    args: readonly string[],
    { env, timeout = longTime, onOutput }: Partial<Pick<GitRun, 'onOutput' | 'env' | 'timeout'>>,
  ): Promise<GitResult> {
    return runGit(args, { env: { ...this.#env, ...env }, timeout, signal: this.#signal, onOutput })
  }

  #shown(ref: string): string {
    return formatGitSource({
      remote: this.remote,
      submodules: false,
      ...(ref !== 'HEAD' && { ref }),
    })
  }

  #unavailable({ reason }: GitResult): StrakeError {
    const needsName = /terminal prompts disabled|could not read Username|Authentication failed/i
    const needsKey = /Permission denied|Could not read from remote/i
    const remedy = needsName.test(reason)
      ? 'give a token: --secret id=GIT_AUTH_TOKEN,env=VARIABLE'
      : needsKey.test(reason)
        ? 'give an SSH agent: --ssh default'
        : undefined
    return new StrakeError('UNAVAILABLE', `Cannot fetch ${this.remote}: ${reason}`, { remedy })
  }
}

/** The commits of `ls-remote`, by ref. */
function refsOf(output: string): Map<string, string> {
  return new Map(
    output.split('\n').flatMap((line) => {
      const [commit = '', name] = line.split('\t')
      return name !== undefined && isCommit(commit) ? [[name, commit] as const] : []
    }),
  )
}
