import type { AddInstruction } from '#dockerfile'
import { isStrakeError } from '#oci'
import { withExcerpt } from '../model/error.ts'
import type { AddOp, CopyFields, GitSource, SourceSpec } from '../model/graph.ts'
import { allowedSource, allowedUrl } from '../source/allowed.ts'
import { type GitUrl, parseGitUrl } from '../source/git-url.ts'
import { readHttpUrl } from '../source/http-credentials.ts'
import type { Expander } from './stage.ts'
import { type FilesystemContext, refuse } from './step.ts'

/** The sources of an ADD by kind. */
export interface AddSources extends Pick<AddOp, 'urls' | 'repositories' | 'checksum'> {
  /** Files of the build context, and files in the Dockerfile itself. */
  readonly local: readonly SourceSpec[]
}

/** Divides the sources of an ADD into files, URLs and repositories. Throws `DockerfileError`. */
export function planSources(
  add: AddInstruction,
  { sources }: CopyFields,
  expand: Expander,
  context: FilesystemContext,
): AddSources {
  const local: SourceSpec[] = []
  const urls: string[] = []
  const repositories: GitSource[] = []
  let checksum = add.checksum === undefined ? undefined : expand.one(add.checksum)
  for (const source of sources) {
    const git = source.kind === 'path' ? parsedGitUrl(source.path, add, context) : undefined
    if (git !== undefined) {
      if (git.userinfo !== undefined) context.userinfo.set(git.source.remote, git.userinfo)
      const named = withFlags(git.source, checksum, add, context)
      repositories.push(denying(add, context, () => allowedSource(named, context.sourcePolicy)))
    } else if (source.kind === 'path' && /^https?:\/\//i.test(source.path)) {
      const { url, userinfo } = denying(add, context, () => readHttpUrl(source.path))
      if (userinfo !== undefined) context.userinfo.set(withoutQuery(url), userinfo)
      const wanted = { url, checksum }
      const found = denying(add, context, () => allowedUrl(wanted, context.sourcePolicy))
      checksum = found.checksum
      urls.push(found.url)
    } else local.push(source)
  }
  if (checksum !== undefined && (local.length > 0 || urls.length + repositories.length !== 1)) {
    throw refuse(context, add, 'ADD --checksum needs exactly one URL as its source')
  }
  if (urls.length > 0 && checksum !== undefined && !checksum.includes(':')) {
    const reason = `--checksum=${checksum} is a commit, and the source is no git repository`
    throw refuse(context, add, reason, { remedy: 'use sha256: and 64 hex digits' })
  }
  if (add.keepGitDir && repositories.length === 0) {
    throw refuse(context, add, 'ADD --keep-git-dir needs a git repository as its source')
  }
  return {
    local,
    urls,
    ...(repositories.length > 0 && { repositories }),
    ...(checksum !== undefined && { checksum }),
  }
}

/** Adds the line of the Dockerfile to the refusal of a source. */
function denying<T>(add: AddInstruction, { source }: FilesystemContext, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw withExcerpt(error, add.range, source)
  }
}

function parsedGitUrl(
  path: string,
  add: AddInstruction,
  context: FilesystemContext,
): GitUrl | undefined {
  try {
    return parseGitUrl(path)
  } catch (error) {
    if (!isStrakeError(error)) throw error
    const reason = error.message.replace(/^C/, 'c')
    throw refuse(context, add, reason, error.remedy === undefined ? {} : { remedy: error.remedy })
  }
}

function withFlags(
  source: GitSource,
  checksum: string | undefined,
  add: AddInstruction,
  context: FilesystemContext,
): GitSource {
  if (checksum?.includes(':')) {
    const reason = `--checksum=${checksum} is of a file, and the source is a git repository`
    throw refuse(context, add, reason, { remedy: 'use the beginning of a commit' })
  }
  const { checksum: own } = source
  const isSame = own === undefined || checksum === undefined || own === checksum
  if (!isSame) throw refuse(context, add, '--checksum differs from the checksum of the URL')
  return {
    ...source,
    ...(checksum !== undefined && { checksum }),
    ...(add.keepGitDir && { keepGitDir: true }),
  }
}

function withoutQuery(url: string): string {
  const { origin, pathname } = new URL(url)
  return `${origin}${pathname}`
}
