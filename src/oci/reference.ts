import { type Digest, parseDigest } from './digest.ts'
import { isStrakeError, StrakeError } from './error.ts'
import { limits } from './limits.ts'

/**
 * A parsed and completed reference: `alpine` becomes `{ registry: 'docker.io', repository:
 * 'library/alpine', tag: 'latest' }`. With a digest and no written tag, `tag` is absent. A digest
 * has precedence over a tag.
 */
export interface Reference {
  readonly registry: string
  readonly repository: string
  readonly tag?: string
  readonly digest?: Digest
}

const defaultRegistry = 'docker.io'
const defaultNamespace = 'library'
const defaultTag = 'latest'

const label = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])'
const registryPattern = new RegExp(
  `^(?:${label}(?:\\.${label})*|\\[(?:[a-fA-F0-9:]+)\\])(?::[0-9]+)?$`,
)
const component = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*'
const repositoryPattern = new RegExp(`^${component}(?:/${component})*$`)
const tagPattern = /^[\w][\w.-]{0,127}$/
const imageIdPattern = /^[a-f0-9]{64}$/

/**
 * Reads `[registry/]repository[:tag][@digest]` with the defaults of Docker; this is the only place
 * that applies them. The first component is a registry when it contains a dot, a colon or an
 * upper-case letter or is `localhost`. Throws `NAME_INVALID`, and `DIGEST_INVALID` for a bad
 * digest.
 *
 * @see https://pkg.go.dev/github.com/distribution/reference
 */
export function parseReference(text: string): Reference {
  if (text === '') throw invalid(text, 'it is empty')
  if (imageIdPattern.test(text)) {
    throw invalid(text, '64 hexadecimal digits name an image ID, not a repository')
  }
  const { name, tag, digest } = split(text)
  const { registry, path } = splitRegistry(name)
  if (!registryPattern.test(registry)) {
    throw invalid(text, `${JSON.stringify(registry)} is not a registry's host`)
  }
  const official = registry === defaultRegistry && !path.includes('/')
  const repository = official ? `${defaultNamespace}/${path}` : path
  checkRepository(text, path)
  if (repository.length > limits.repositoryLength) {
    throw invalid(text, `the repository is longer than ${limits.repositoryLength} characters`)
  }
  if (tag !== undefined && !isTag(tag)) throw invalid(text, reasonAgainstTag(tag))
  if (digest !== undefined) {
    return { registry, repository, ...(tag !== undefined && { tag }), digest }
  }
  return { registry, repository, tag: tag ?? defaultTag }
}

/** The complete name, with every default: `docker.io/library/alpine:3`. */
export function formatReference(reference: Reference): string {
  return `${reference.registry}/${reference.repository}${suffix(reference)}`
}

/**
 * The shortest text that `parseReference` reads as `reference`, with the tag: `alpine:3`, without
 * `library` and `docker.io`.
 */
export function familiarReference(reference: Reference): string {
  const { registry, repository } = reference
  if (registry !== defaultRegistry) return formatReference(reference)
  const bare = repository.slice(defaultNamespace.length + 1)
  if (repository.startsWith(`${defaultNamespace}/`) && !bare.includes('/')) {
    const short = bare + suffix(reference)
    return imageIdPattern.test(short) ? formatReference(reference) : short
  }
  return splitRegistry(repository).registry === defaultRegistry
    ? repository + suffix(reference)
    : formatReference(reference)
}

/** True for the name of a repository on a registry, without the registry: `library/alpine`. */
export function isRepositoryName(text: string): boolean {
  return text.length <= limits.repositoryLength && repositoryPattern.test(text)
}

/** True for a tag: at most 128 word characters, dots and dashes. */
export function isTag(text: string): boolean {
  return tagPattern.test(text)
}

function suffix(reference: Reference): string {
  const tag = reference.tag === undefined ? '' : `:${reference.tag}`
  return reference.digest === undefined ? tag : `${tag}@${reference.digest}`
}

/** Cuts the digest at the first `@`, then the tag at the last `:` after the last `/`. */
function split(text: string): { name: string; tag?: string; digest?: Digest } {
  const at = text.indexOf('@')
  const rest = at < 0 ? text : text.slice(0, at)
  const colon = rest.indexOf(':', rest.lastIndexOf('/') + 1)
  const name = colon < 0 ? rest : rest.slice(0, colon)
  return {
    name,
    ...(colon >= 0 && { tag: rest.slice(colon + 1) }),
    ...(at >= 0 && { digest: readDigest(text, text.slice(at + 1)) }),
  }
}

function splitRegistry(name: string): { registry: string; path: string } {
  const slash = name.indexOf('/')
  const first = slash < 0 ? '' : name.slice(0, slash)
  const isHost = /[.:]/.test(first) || first === 'localhost' || first.toLowerCase() !== first
  if (!isHost) return { registry: defaultRegistry, path: name }
  const registry = first === `index.${defaultRegistry}` ? defaultRegistry : first
  return { registry, path: name.slice(slash + 1) }
}

function readDigest(text: string, digest: string): Digest {
  try {
    return parseDigest(digest)
  } catch (error) {
    if (!isStrakeError(error)) throw error
    const reason = error.message.slice(error.message.lastIndexOf(': ') + 2)
    throw new StrakeError('DIGEST_INVALID', `Cannot use reference ${quote(text)}: ${reason}`)
  }
}

function checkRepository(text: string, path: string): void {
  if (repositoryPattern.test(path)) return
  if (path !== path.toLowerCase() && repositoryPattern.test(path.toLowerCase())) {
    throw invalid(text, 'the repository must be lowercase', `write ${path.toLowerCase()}`)
  }
  if (path === '') throw invalid(text, 'the repository is missing')
  throw invalid(
    text,
    `${quote(path)} is not a repository: its parts are a-z and 0-9, joined by one of . _ __ -`,
  )
}

function reasonAgainstTag(tag: string): string {
  if (tag.length > limits.tagLength) {
    return `the tag is longer than ${limits.tagLength} characters`
  }
  if (tag === '') return 'the tag after the colon is missing'
  return `${quote(tag)} is not a tag: letters, digits, _ . and -, not starting with . or -`
}

function invalid(text: string, reason: string, remedy?: string): StrakeError {
  return new StrakeError('NAME_INVALID', `Cannot use reference ${quote(text)}: ${reason}`, {
    remedy,
  })
}

function quote(text: string): string {
  return JSON.stringify(text.length > 300 ? `${text.slice(0, 300)}...` : text)
}
