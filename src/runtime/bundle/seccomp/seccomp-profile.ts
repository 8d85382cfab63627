import { Fields, parseJson } from '#oci'
import type { SeccompArgument, SeccompProfile, SeccompRule } from './seccomp.ts'

/**
 * A profile in Docker's format: that of the runtimes, but its rules may depend on the container and
 * the machine.
 *
 * @see https://docs.docker.com/engine/security/seccomp/
 */
export interface SeccompSource extends Omit<SeccompProfile, 'syscalls'> {
  /** The architectures of the filter for each machine; an alternative to `architectures`. */
  readonly archMap?: readonly ArchitectureEntry[] | undefined
  readonly syscalls?: readonly ConditionalRule[] | undefined
}

export interface ArchitectureEntry {
  readonly architecture: string
  readonly subArchitectures?: readonly string[] | undefined
}

/** A rule that applies when all of `includes` and none of `excludes` is true. */
export interface ConditionalRule extends SeccompRule {
  readonly includes?: RuleCondition | undefined
  readonly excludes?: RuleCondition | undefined
}

export interface RuleCondition {
  /** As in `CAP_SYS_ADMIN`. */
  readonly caps?: readonly string[] | undefined
  /** As in `amd64`. */
  readonly arches?: readonly string[] | undefined
  /** As in `4.8`: the oldest kernel for which the condition is true. */
  readonly minKernel?: string | undefined
}

/**
 * Reads a profile. Throws `INVALID` for a profile of another shape, also for a field that
 * is unknown: a misspelt one would leave rules out, and Docker runs such a profile.
 */
export function parseSeccompProfile(raw: Uint8Array, name: string): SeccompSource {
  const what = `the seccomp profile ${name}`
  const document = { what, code: 'INVALID' } as const
  const whole = parseJson(raw, what)
  const fields = new Fields(whole, profileFields, document)
  refuseUnknown(fields, whole, profileFields)
  const archMap = fields.items('archMap', (item, path): ArchitectureEntry => {
    const entry = new Fields(item, archFields, document, path)
    refuseUnknown(entry, item, archFields)
    const architecture = entry.required('architecture', entry.string('architecture'))
    return { architecture, subArchitectures: entry.strings('subArchitectures') ?? [] }
  })
  const architectures = fields.strings('architectures')
  if (archMap?.length && architectures?.length) {
    throw fields.fail('it has both architectures and archMap')
  }
  const listener = fields.string('listenerPath')
  if (listener) throw fields.fail('listenerPath is not supported')
  return {
    defaultAction: readChoice(fields, 'defaultAction', actions),
    defaultErrnoRet: readErrno(fields, 'defaultErrnoRet'),
    architectures,
    archMap,
    flags: fields.strings('flags'),
    syscalls: fields.items('syscalls', (item, path) => {
      const rule = new Fields(item, ruleFields, document, path)
      refuseUnknown(rule, item, ruleFields)
      return readRule(rule, (value, at) => {
        const argument = new Fields(value, argumentFields, document, at)
        refuseUnknown(argument, value, argumentFields)
        return readArgument(argument)
      })
    }),
  }
}

const profileFields = [
  'defaultAction',
  'defaultErrnoRet',
  'architectures',
  'archMap',
  'flags',
  'listenerPath',
  'syscalls',
]
const archFields = ['architecture', 'subArchitectures']
const ruleFields = ['name', 'names', 'action', 'errnoRet', 'args', 'includes', 'excludes']
const argumentFields = ['index', 'value', 'valueTwo', 'op']
const conditionFields = ['caps', 'arches', 'minKernel']

/** Without NOTIFY, which needs a listening program outside the container. */
const actions = 'KILL KILL_PROCESS KILL_THREAD TRAP ERRNO TRACE ALLOW LOG'
  .split(' ')
  .map((word) => `SCMP_ACT_${word}`)
const operators = 'NE LT LE EQ GE GT MASKED_EQ'.split(' ').map((word) => `SCMP_CMP_${word}`)

function readRule(
  fields: Fields,
  readArgument: (item: unknown, path: string) => SeccompArgument,
): ConditionalRule {
  const [name, names] = [fields.string('name'), fields.strings('names')]
  if (name && names?.length) throw fields.fail('a rule has both name and names')
  return {
    names: fields.required('names', name ? [name] : names),
    action: readChoice(fields, 'action', actions),
    errnoRet: readErrno(fields, 'errnoRet'),
    args: fields.items('args', readArgument),
    includes: readCondition(fields, 'includes'),
    excludes: readCondition(fields, 'excludes'),
  }
}

function readArgument(fields: Fields): SeccompArgument {
  const index = fields.integer('index') ?? 0
  if (index < 0 || index > 5) throw fields.fail('the index of an argument is 0 to 5')
  return {
    index,
    value: readCount(fields, 'value') ?? 0,
    valueTwo: readCount(fields, 'valueTwo'),
    op: readChoice(fields, 'op', operators),
  }
}

/** Fields without a meaning for a filter: notes, and numbers of errors as names beside the numbers. */
const notes = ['comment', 'errno', 'defaultErrno', 'listenerMetadata']

function refuseUnknown(fields: Fields, value: unknown, known: readonly string[]): void {
  const allowed = [...known, ...notes]
  const unknown = Object.keys(Object(value)).find((key) => !allowed.includes(key))
  if (unknown !== undefined) throw fields.fail(`it has the unknown field ${unknown}`)
}

/** Ignoring an unknown word would make the rule always apply, so it is refused. */
function readCondition(rule: Fields, name: string): RuleCondition | undefined {
  const fields = rule.object(name, conditionFields)
  if (fields === undefined) return undefined
  refuseUnknown(fields, rule.get(name), conditionFields)
  const minKernel = fields.string('minKernel')
  if (minKernel && !/^\d{1,3}\.\d{1,3}$/.test(minKernel)) {
    throw fields.fail(`minKernel ${minKernel} is not a version such as 4.8`)
  }
  return { caps: fields.strings('caps'), arches: fields.strings('arches'), minKernel }
}

function readChoice(fields: Fields, name: string, known: readonly string[]): string {
  const value = fields.required(name, fields.string(name))
  if (known.includes(value)) return value
  throw fields.fail(`${name} ${value} is none of ${known.join(', ')}`)
}

/** A filter has 16 bits for the number; `SCMP_ACT_TRACE` passes it to the tracer. */
const largestErrno = 0xffff

function readErrno(fields: Fields, name: string): number | undefined {
  const value = readCount(fields, name)
  if (value !== undefined && value > largestErrno)
    throw fields.fail(`${name} is over ${largestErrno}`)
  return value
}

function readCount(fields: Fields, name: string): number | undefined {
  const value = fields.integer(name)
  if (value !== undefined && value < 0) throw fields.fail(`${name} is negative`)
  return value
}
