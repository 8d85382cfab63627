import type { HclFunction } from '../evaluate.ts'
import { HclError } from '../hcl-error.ts'
import { boolOf, listOf, numberOf, textOf, type Value } from '../value.ts'

/** Functions by their names. */
export type FunctionTable = Readonly<Record<string, HclFunction>>

interface Kinds {
  readonly text: string
  readonly number: number
  readonly bool: boolean
  readonly list: readonly Value[]
  readonly texts: readonly string[]
  readonly any: Value
}

type Kind = keyof Kinds

const readers: { readonly [K in Kind]: (value: Value) => Kinds[K] } = {
  text: (value) => textOf(value),
  number: (value) => numberOf(value),
  bool: (value) => boolOf(value),
  list: (value) => listOf(value),
  texts: (value) => listOf(value).map((one) => textOf(one)),
  any: (value) => value,
}

type Values<K extends readonly Kind[]> = { [I in keyof K]: Kinds[K[I]] }

/** A function whose arguments are of these kinds. */
export function define<const K extends readonly Kind[]>(
  kinds: K,
  call: (...args: Values<K>) => Value,
): HclFunction {
  return {
    kind: 'values',
    call(...args) {
      if (args.length !== kinds.length) {
        throw new HclError(`it needs ${kinds.length} arguments, not ${args.length}`)
      }
      const values: unknown = kinds.map((kind, index) => readers[kind](args[index] ?? null))
      return call(...(values as Values<K>))
    },
  }
}

/** A function with at least `least` arguments of one kind. */
export function defineMany<K extends Kind>(
  kind: K,
  least: number,
  call: (...args: readonly Kinds[K][]) => Value,
): HclFunction {
  return {
    kind: 'values',
    call(...args) {
      if (args.length < least) {
        throw new HclError(`it needs at least ${least} arguments, not ${args.length}`)
      }
      return call(...args.map((arg) => readers[kind](arg)))
    },
  }
}
