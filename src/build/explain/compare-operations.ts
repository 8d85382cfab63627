import type { MissCause } from '#stream'
import { isRecord, type StepInputs } from './inputs.ts'
import { shorten, shortenVariable } from './values.ts'

type Operation = StepInputs['operation']

/** Members of operations that instructions before the step set, or the user. */
const settings: Readonly<Record<string, string>> = {
  cwd: 'the working directory',
  user: 'the user',
  network: 'the network',
  hostname: 'the host name',
  settings: '--add-host, --ulimit or --shm-size',
}

/** Members of operations that the instruction itself has, for those whose text is the same. */
const members: Readonly<Record<string, string>> = {
  argv: 'the command',
  script: 'the script',
  security: '--security',
  devices: '--device',
  sources: 'the sources',
  destination: 'the destination',
  intoDirectory: 'the destination',
  chown: '--chown',
  chmod: '--chmod',
  exclude: '--exclude',
  link: '--link',
  parents: '--parents',
  from: '--from',
  urls: 'the URLs',
  repositories: 'the repositories',
  checksum: '--checksum',
  unpack: '--unpack',
  path: 'the path',
}

/** Returns the differences of two operations: the instruction, its settings, its variables and its mounts. */
export function changedParts(before: StepInputs, now: StepInputs): readonly MissCause[] {
  const [then, current] = [before.operation, now.operation]
  // An operation with much text was not kept.
  if (then['kind'] === undefined || current['kind'] === undefined) return []
  const changed = (name: string): boolean => !isEqual(then[name], current[name])
  const own = ['kind', ...Object.keys(members)].filter(changed)
  const isRewritten = before.text !== now.text && (own.length > 0 || changed('mounts'))
  return [
    ...(isRewritten
      ? [
          {
            kind: 'instruction',
            subject: 'the instruction',
            before: shorten(before.text),
            after: shorten(now.text),
          } as const,
        ]
      : own.map((name) =>
          changedMember('instruction', members[name] ?? name, then, current, name),
        )),
    ...Object.keys(settings)
      .filter(changed)
      .map((name) => changedMember('setting', settings[name] ?? name, then, current, name)),
    ...changedVariables(before, now),
    ...(isRewritten ? [] : changedMounts(then['mounts'], current['mounts'])),
  ]
}

function changedMember(
  kind: MissCause['kind'],
  subject: string,
  then: Operation,
  current: Operation,
  name: string,
): MissCause {
  return { kind, subject, before: show(then[name]), after: show(current[name]) }
}

function isEqual(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}

/** Lists of texts as words, other values as JSON. */
function show(value: unknown): string | undefined {
  if (value === undefined || value === '') return undefined
  if (typeof value === 'string') return shorten(value)
  if (Array.isArray(value) && value.every((each) => typeof each === 'string')) {
    return shorten(value.join(' '))
  }
  return shorten(JSON.stringify(value))
}

function changedVariables(before: StepInputs, now: StepInputs): readonly MissCause[] {
  const [then, current] = [readEnv(before.operation), readEnv(now.operation)]
  const names = [...new Set([...then.keys(), ...current.keys()])]
  const differing = names.filter((name) => then.get(name) !== current.get(name))
  if (differing.length === 0 && !isEqual([...then], [...current])) {
    return [{ kind: 'environment', subject: 'the order of variables' }]
  }
  return differing.map((name) => {
    const value = (of: ReadonlyMap<string, string>): string | undefined => {
      const text = of.get(name)
      return text === undefined ? undefined : shortenVariable(name, text)
    }
    const isArgument = now.args.includes(name) || (!current.has(name) && before.args.includes(name))
    return {
      kind: isArgument ? 'argument' : 'environment',
      subject: name,
      before: value(then),
      after: value(current),
    }
  })
}

function readEnv({ env }: Operation): ReadonlyMap<string, string> {
  const lines = Array.isArray(env) ? env.filter((line) => typeof line === 'string') : []
  return new Map(
    lines.map((line) => {
      const at = line.indexOf('=')
      return [line.slice(0, at), line.slice(at + 1)]
    }),
  )
}

/** Mounts are compared by what they are mounted at. */
function changedMounts(before: unknown, now: unknown): readonly MissCause[] {
  const [then, current] = [readMounts(before), readMounts(now)]
  return [...new Set([...then.keys(), ...current.keys()])]
    .filter((place) => !isEqual(then.get(place), current.get(place)))
    .map((subject) => ({
      kind: 'mount',
      subject,
      before: show(then.get(subject)),
      after: show(current.get(subject)),
    }))
}

function readMounts(value: unknown): ReadonlyMap<string, unknown> {
  const mounts = Array.isArray(value) ? value.filter(isRecord) : []
  return new Map(
    mounts.map((mount) => [String(mount['target'] ?? mount['env'] ?? mount['id']), mount]),
  )
}
