import type { ArgInstruction, Instruction, Range } from '#dockerfile'

/** A parameter of a Dockerfile: an argument, a secret, an agent or a cache. */
export type Parameter =
  | {
      readonly kind: 'argument'
      readonly name: string
      /** The default, or the value of `--build-arg`. Absent for none. */
      readonly value: string | undefined
      readonly description: string | undefined
      readonly range: Range
    }
  | {
      readonly kind: 'secret' | 'ssh' | 'cache'
      readonly name: string
      readonly isRequired: boolean
      readonly range: Range
    }

/** The arguments of an ARG. `lookup` has their values after it. */
export function argumentsOf(
  { args, description, range }: ArgInstruction,
  lookup: (name: string) => string | undefined,
): readonly Parameter[] {
  return args.map(({ key }) => ({
    kind: 'argument',
    name: key,
    value: lookup(key),
    description,
    range,
  }))
}

/** The secrets, agents and caches of a RUN. */
export function mountsOf(instruction: Instruction): readonly Parameter[] {
  if (instruction.kind !== 'RUN') return []
  const { mounts, range } = instruction
  return mounts.flatMap(({ type, options }) => {
    if (type !== 'secret' && type !== 'ssh' && type !== 'cache') return []
    const { id, target, env } = options
    const usual = type === 'ssh' ? 'default' : type === 'cache' ? target : baseName(target ?? env)
    const isRequired = options['required']?.toLowerCase() === 'true'
    return [{ kind: type, name: id || (usual ?? ''), isRequired, range }]
  })
}

function baseName(path = ''): string {
  return path.split('/').at(-1) ?? path
}

/** The parameters in the order of the file, each name of a kind once. */
export function sortParameters(found: readonly Parameter[]): readonly Parameter[] {
  const sorted = found.toSorted((a, b) => a.range.start.line - b.range.start.line)
  const once = new Map<string, Parameter>()
  for (const each of sorted) {
    const key = `${each.kind} ${each.name}`
    const known = once.get(key)
    if (known === undefined) once.set(key, each)
    else if (known.kind === 'argument' && each.kind === 'argument') {
      // A stage that declares a global argument again has no default of its own.
      const value = each.value ?? known.value
      const description = known.description ?? each.description
      once.set(key, { ...known, value, description })
    } else if (each.kind !== 'argument' && each.isRequired) once.set(key, each)
  }
  return [...once.values()]
}
