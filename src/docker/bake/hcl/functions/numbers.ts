import { HclError } from '../hcl-error.ts'
import { applyBinary } from '../operators.ts'
import type { BinaryOperator } from '../syntax.ts'
import { isEqual, numberOf, type Value } from '../value.ts'
import { define, defineMany, type FunctionTable } from './define.ts'

const operator = (name: BinaryOperator) =>
  define(['any', 'any'], (left, right) => applyBinary(name, left, right))

export const numbers: FunctionTable = {
  absolute: define(['number'], Math.abs),
  add: operator('+'),
  and: operator('&&'),
  ceil: define(['number'], Math.ceil),
  divide: operator('/'),
  equal: define(['any', 'any'], isEqual),
  floor: define(['number'], Math.floor),
  greaterthan: operator('>'),
  greaterthanorequalto: operator('>='),
  int: define(['number'], Math.trunc),
  lessthan: operator('<'),
  lessthanorequalto: operator('<='),
  log: define(['number', 'number'], (value, base) => Math.log(value) / Math.log(base)),
  max: defineMany('number', 1, Math.max),
  min: defineMany('number', 1, Math.min),
  modulo: operator('%'),
  multiply: operator('*'),
  negate: define(['number'], (value) => -value),
  not: define(['bool'], (value) => !value),
  notequal: define(['any', 'any'], (left, right) => !isEqual(left, right)),
  or: operator('||'),
  parseint: define(['text', 'number'], parseInteger),
  pow: define(['number', 'number'], (value, power) => value ** power),
  range: defineMany('number', 1, range),
  signum: define(['number'], (value) => Math.sign(Math.trunc(value))),
  subtract: operator('-'),
}

function parseInteger(text: string, base: number): Value {
  if (!Number.isInteger(base) || base < 2 || base > 36) {
    throw new HclError('the base is a whole number from 2 to 36')
  }
  const digits = '0123456789abcdefghijklmnopqrstuvwxyz'.slice(0, base)
  if (new RegExp(`^[+-]?[${digits}]+$`, 'i').test(text)) return Number.parseInt(text, base)
  throw new HclError(`${JSON.stringify(text)} is no number of the base ${base}`)
}

/** The most elements of a range. HCL has the same limit. */
const mostElements = 1024

/** `range(end)`, `range(start, end)` and `range(start, end, step)`. */
function range(...args: readonly number[]): Value {
  if (args.length > 3) throw new HclError('it needs at most 3 arguments')
  const [start, end] =
    args.length === 1 ? [0, numberOf(args[0] ?? 0)] : [args[0] ?? 0, args[1] ?? 0]
  const step = args[2] ?? (start <= end ? 1 : -1)
  if (step === 0 || Math.sign(end - start) === -Math.sign(step)) {
    throw new HclError('the step does not lead from the start to the end')
  }
  const values: number[] = []
  for (let at = start; step > 0 ? at < end : at > end; at += step) {
    if (values.length === mostElements)
      throw new HclError(`it has more than ${mostElements} values`)
    values.push(at)
  }
  return values
}
