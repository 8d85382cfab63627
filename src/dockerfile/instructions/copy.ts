import type { AddInstruction, CopyInstruction, CopySource } from '../ast.ts'
import { Problem } from '../problem.ts'
import { type Flags, readFlags } from './flags.ts'
import { nodeOf, type Source } from './source.ts'
import { parseJsonForm, splitSpace } from './words.ts'

const shared = {
  chown: 'string',
  chmod: 'string',
  link: 'boolean',
  exclude: 'list',
} as const

export function parseCopy(source: Source): CopyInstruction {
  const flags = readFlags(source, { ...shared, from: 'string', parents: 'boolean' })
  const from = flags.string('from')
  if (from?.includes('$')) {
    const message =
      'variable expansion is not supported for --from, define a new stage with FROM using ARG from global scope as a workaround'
    throw new Problem('invalid-flag', message)
  }
  const paths = readPaths(source)
  return {
    ...nodeOf(source, 'COPY'),
    ...paths,
    ...common(flags),
    from,
    parents: flags.boolean('parents') ?? false,
  }
}

export function parseAdd(source: Source): AddInstruction {
  const flags = readFlags(source, {
    ...shared,
    checksum: 'string',
    'keep-git-dir': 'boolean',
    unpack: 'boolean',
  })
  const paths = readPaths(source)
  const checksum = flags.string('checksum')
  if (checksum !== undefined && paths.sources.length !== 1) {
    throw new Problem('invalid-flag', "--checksum can't be specified for multiple sources")
  }
  if (checksum !== undefined && !isChecksum(checksum)) {
    const message = `--checksum is sha256: and 64 hex digits, or a git commit, not ${JSON.stringify(checksum)}`
    throw new Problem('invalid-flag', message)
  }
  const unpack = flags.boolean('unpack')
  return {
    ...nodeOf(source, 'ADD'),
    ...paths,
    ...common(flags),
    checksum,
    keepGitDir: flags.boolean('keep-git-dir') ?? false,
    unpack,
  }
}

type Common = Pick<CopyInstruction, 'chown' | 'chmod' | 'link' | 'exclude'>

function common(flags: Flags): Common {
  const chown = flags.string('chown')
  const chmod = flags.string('chmod')
  if (chmod !== undefined && !chmod.includes('$') && !isFileMode(chmod)) {
    const message = `--chmod is octal such as 0755 or symbolic such as u=rwX,go=rX, not ${JSON.stringify(chmod)}`
    throw new Problem('invalid-flag', message)
  }
  return {
    chown,
    chmod,
    link: flags.boolean('link') ?? false,
    exclude: flags.list('exclude'),
  }
}

/** True for an octal mode up to 07777 and for a symbolic mode of `chmod`. */
function isFileMode(text: string): boolean {
  const symbolic = /^[ugoa]{0,4}[-+=](?:[rwxXst]{0,6}|[ugo])$/
  return /^0{0,4}[0-7]{1,4}$/.test(text) || text.split(',').every((part) => symbolic.test(part))
}

function isChecksum(text: string): boolean {
  return (
    text.includes('$') ||
    /^(?:sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128}|[0-9a-f]{4,64})$/.test(text)
  )
}

interface Paths {
  readonly sources: readonly CopySource[]
  readonly destination: string
}

function readPaths(source: Source): Paths {
  const items: CopySource[] = (parseJsonForm(source.rest) ?? []).map(pathSource)
  if (items.length === 0) {
    let at = 0
    for (const [index, heredoc] of source.heredocs.entries()) {
      const marker = source.markers[index]
      const before = source.rest.slice(at, marker?.start ?? at).trim()
      items.push(...splitSpace(before).map(pathSource), { kind: 'heredoc', heredoc })
      at = marker?.end ?? at
    }
    items.push(...splitSpace(source.rest.slice(at).trim()).map(pathSource))
  }
  const destination = items.pop()
  if (destination === undefined || items.length === 0) {
    const message = `${source.keyword} requires at least one source and a destination`
    throw new Problem('missing-argument', message)
  }
  if (destination.kind === 'heredoc') {
    throw new Problem(
      'invalid-argument',
      `${source.keyword} cannot accept a heredoc as a destination`,
    )
  }
  return { sources: items, destination: destination.path }
}

function pathSource(path: string): CopySource {
  return { kind: 'path', path }
}
