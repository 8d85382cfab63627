import { evaluate, type HclFunction } from '../evaluate.ts'
import { HclError } from '../hcl-error.ts'
import { convert, typeOf } from '../types.ts'
import { define, type FunctionTable } from './define.ts'
import { encoding } from './encoding.ts'
import { formats } from './format.ts'
import { lists } from './lists.ts'
import { networks } from './networks.ts'
import { numbers } from './numbers.ts'
import { texts } from './texts.ts'
import { times } from './times.ts'
import { satisfies } from './versions.ts'

/** Functions that get expressions, and not their values. */
const special: FunctionTable = {
  can: {
    kind: 'expressions',
    call(args, scope) {
      const [first] = args
      if (first === undefined || args.length !== 1) throw new HclError('it needs 1 argument')
      return succeeds(() => evaluate(first, scope)) !== undefined
    },
  },
  convert: {
    kind: 'expressions',
    call(args, scope) {
      const [value, type] = args
      if (value === undefined || type === undefined || args.length !== 2) {
        throw new HclError('it needs a value and a type')
      }
      return convert(evaluate(value, scope), typeOf(type))
    },
  },
  try: {
    kind: 'expressions',
    call(args, scope) {
      for (const arg of args) {
        const found = succeeds(() => evaluate(arg, scope))
        if (found !== undefined) return found.value
      }
      throw new HclError('no argument has a value')
    },
  },
}

function succeeds<T>(work: () => T): { readonly value: T } | undefined {
  try {
    return { value: work() }
  } catch (error) {
    if (error instanceof HclError) return undefined
    throw error
  }
}

/** The functions that every file may call. */
export const functions: ReadonlyMap<string, HclFunction> = new Map(
  Object.entries({
    ...encoding,
    ...formats,
    ...lists,
    ...networks,
    ...numbers,
    ...special,
    ...texts,
    ...times,
    semvercmp: define(['text', 'text'], satisfies),
  }),
)
