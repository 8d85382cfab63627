import { Problem } from '../problem.ts'
import { suggest } from '../suggest.ts'
import { extensionLine, isOptional } from './extensions.ts'
import type { Source } from './source.ts'

/** `list` flags may be repeated. */
export type FlagKind = 'boolean' | 'string' | 'list'

/** The flags of one instruction, checked against the allowed ones. */
export interface Flags {
  string(name: string): string | undefined
  /** Returns undefined when the flag is absent. `--name` without a value is true. */
  boolean(name: string): boolean | undefined
  list(name: string): readonly string[]
}

/** Throws a Problem for a flag that is unknown, repeated, or has a bad value. */
export function readFlags(source: Source, allowed: Readonly<Record<string, FlagKind>>): Flags {
  const values = new Map<string, string[]>()
  for (const flag of source.flags) {
    const equals = flag.indexOf('=')
    const name = flag.slice(2, equals < 0 ? undefined : equals)
    const value = equals < 0 ? undefined : flag.slice(equals + 1)
    const kind = Object.hasOwn(allowed, name) ? allowed[name] : undefined
    if (kind === undefined) {
      throw unknownFlag(source.keyword, name, Object.keys(allowed))
    }
    const earlier = values.get(name)
    if (earlier !== undefined && kind !== 'list') {
      throw new Problem('duplicate-flag', `duplicate flag specified: --${name}`)
    }
    const list = earlier ?? []
    list.push(checkValue(name, kind, value))
    values.set(name, list)
  }
  return {
    string: (name) => values.get(name)?.[0],
    boolean: (name) => (values.has(name) ? values.get(name)?.[0] === 'true' : undefined),
    list: (name) => values.get(name) ?? [],
  }
}

function unknownFlag(keyword: string, name: string, allowed: readonly string[]): Problem {
  const names = allowed.map((known) => `--${known}`)
  const close = suggest(`--${name}`, names)
  const takes = names.length === 0 ? 'no flags' : names.join(', ')
  if (keyword === 'COPY' && isOptional(`--${name}`)) {
    const message = `unknown flag: --${name} (the file has no line ${extensionLine})`
    return new Problem('unknown-flag', message)
  }
  const help = close === undefined ? `${keyword} takes ${takes}` : `did you mean ${close}?`
  return new Problem('unknown-flag', `unknown flag: --${name} (${help})`)
}

function checkValue(name: string, kind: FlagKind, value: string | undefined): string {
  if (kind === 'boolean') {
    const text = value?.toLowerCase() ?? 'true'
    if (text !== 'true' && text !== 'false') {
      const message = `--${name} is either true or false, not ${JSON.stringify(value)}`
      throw new Problem('invalid-flag', message)
    }
    return text
  }
  if (value === undefined) {
    throw new Problem('invalid-flag', `missing a value on flag: --${name}`)
  }
  return value
}
