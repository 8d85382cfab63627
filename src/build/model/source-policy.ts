import { StrakeError } from '#oci'

/**
 * Rules of the user for the sources of a build: images, URLs, repositories and
 * contexts. A rule allows a source, denies it, or converts it into another one. The
 * last matching rule wins. A converted source is tested again from the first rule.
 *
 * @see https://github.com/moby/buildkit/blob/master/docs/build-repro.md
 */
export interface SourcePolicy {
  readonly rules: readonly PolicyRule[]
}

interface PolicyRule {
  readonly action: 'ALLOW' | 'DENY' | 'CONVERT'
  /** Matches identifiers such as `docker-image://docker.io/library/alpine:latest`. */
  readonly pattern: RegExp
  readonly constraints: readonly Constraint[]
  /** With `$1` or `${1}` for the parts that the pattern found. */
  readonly identifier: string | undefined
  readonly attributes: Readonly<Record<string, string>>
}

interface Constraint {
  readonly key: string
  readonly matches: (value: string) => boolean
}

/** A source: its identifier, and attributes such as `http.checksum`. */
export interface PolicySource {
  readonly identifier: string
  readonly attributes: Readonly<Record<string, string>>
}

/** The most conversions of one source. */
const maxConversions = 20

/** Returns the source that the policy replaces `source` by. Throws `DENIED`. */
export function applyPolicy(policy: SourcePolicy | undefined, source: PolicySource): PolicySource {
  let current = source
  for (let count = 0; count <= maxConversions; count++) {
    const next = policy === undefined ? current : applyOnce(policy, current)
    if (next === current) return current
    current = next
  }
  const reason = `the source policy converts it more than ${maxConversions} times`
  throw new StrakeError('INVALID', `Cannot use ${source.identifier}: ${reason}`)
}

function applyOnce({ rules }: SourcePolicy, source: PolicySource): PolicySource {
  let isDenied = false
  for (const { action, pattern, constraints, identifier, attributes } of rules) {
    if (!pattern.test(source.identifier)) continue
    if (!constraints.every(({ key, matches }) => matches(source.attributes[key] ?? ''))) continue
    if (action !== 'CONVERT') {
      isDenied = action === 'DENY'
      continue
    }
    const converted =
      identifier === undefined
        ? source.identifier
        : source.identifier.replace(pattern, identifier.replace(/\$\{(\d+)\}/g, '$$$1'))
    const both = { ...source.attributes, ...attributes }
    const isSame =
      converted === source.identifier &&
      Object.entries(attributes).every(([key, value]) => source.attributes[key] === value)
    if (!isSame) return { identifier: converted, attributes: both }
  }
  if (!isDenied) return source
  throw new StrakeError('DENIED', `Cannot use ${source.identifier}: the source policy denies it`)
}

/** Parses a policy in BuildKit's JSON. Throws `INVALID`. */
export function parseSourcePolicy(text: string): SourcePolicy {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new StrakeError('INVALID', 'Cannot read the source policy: it is not JSON', { cause })
  }
  return sourcePolicyOf(value)
}

/** Reads a policy from the parsed form of BuildKit's JSON. Throws `INVALID`. */
export function sourcePolicyOf(value: unknown): SourcePolicy {
  const { rules, version } = record(value, 'it')
  if (version !== undefined && version !== 1) throw wrong('its version is not 1')
  if (!Array.isArray(rules)) throw wrong('it has no list of rules')
  return { rules: rules.map((rule, index) => parseRule(record(rule, `rule ${index}`), index)) }
}

function parseRule(rule: Readonly<Record<string, unknown>>, index: number): PolicyRule {
  const where = `rule ${index}`
  const selector = record(rule['selector'], `the selector of ${where}`)
  const updates = record(rule['updates'] ?? {}, `the updates of ${where}`)
  const action = enumOf(rule['action'], ['ALLOW', 'DENY', 'CONVERT'] as const, where)
  const kind = enumOf(selector['matchType'], ['WILDCARD', 'EXACT', 'REGEX'] as const, where)
  const attributes = record(updates['attrs'] ?? {}, `the attrs of ${where}`)
  if (action === 'CONVERT' && rule['updates'] === undefined) throw wrong(`${where} has no updates`)
  const constraints = selector['constraints'] ?? []
  if (!Array.isArray(constraints)) throw wrong(`the constraints of ${where} are no list`)
  const identifier = updates['identifier']
  return {
    action,
    pattern: patternOf(textOf(selector['identifier'], where), kind, where),
    constraints: constraints.map((each) => parseConstraint(record(each, where), where)),
    // An exact rule has no parts, so that a dollar sign means itself.
    identifier:
      identifier === undefined || identifier === ''
        ? undefined
        : kind === 'EXACT'
          ? textOf(identifier, where).replaceAll('$', '$$$$')
          : textOf(identifier, where),
    attributes: Object.fromEntries(
      Object.entries(attributes).map(([key, value]) => [key, textOf(value, where)]),
    ),
  }
}

function patternOf(text: string, kind: 'WILDCARD' | 'EXACT' | 'REGEX', where: string): RegExp {
  const literal = (part: string): string => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  if (kind === 'EXACT') return new RegExp(`^${literal(text)}$`, 's')
  if (kind === 'WILDCARD') {
    if (text.includes('**')) throw wrong(`${where} has **, and * already matches every character`)
    return new RegExp(`^${text.split('*').map(literal).join('(.*)')}$`, 's')
  }
  try {
    return new RegExp(text, 's')
  } catch (cause) {
    throw wrong(`${where} has an invalid regular expression`, cause)
  }
}

function parseConstraint(constraint: Readonly<Record<string, unknown>>, where: string): Constraint {
  const names = ['EQUAL', 'NOTEQUAL', 'MATCHES'] as const
  const condition = enumOf(constraint['condition'], names, where)
  const key = textOf(constraint['key'], where)
  const value = textOf(constraint['value'], where)
  if (condition === 'EQUAL') return { key, matches: (actual) => actual === value }
  if (condition === 'NOTEQUAL') return { key, matches: (actual) => actual !== value }
  const pattern = patternOf(value, 'REGEX', where)
  return { key, matches: (actual) => pattern.test(actual) }
}

/** Absent means the first name, as in the protocol that the JSON is of. */
function enumOf<Name extends string>(
  value: unknown,
  names: readonly [Name, ...Name[]],
  where: string,
): Name {
  if (value === undefined) return names[0]
  const found = typeof value === 'number' ? names[value] : names.find((name) => name === value)
  if (found !== undefined) return found
  throw wrong(`${where} has ${JSON.stringify(value)} instead of ${names.join(', ')}`)
}

function record(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value }
  throw wrong(`${what} is no object`)
}

function textOf(value: unknown, where: string): string {
  if (typeof value === 'string') return value
  throw wrong(`${where} lacks a text`)
}

function wrong(reason: string, cause?: unknown): StrakeError {
  return new StrakeError('INVALID', `Cannot read the source policy: ${reason}`, { cause })
}
