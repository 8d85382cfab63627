import { HclError } from './hcl-error.ts'
import type { BinaryOperator } from './syntax.ts'
import { boolOf, isEqual, numberOf, type Value } from './value.ts'

/** Applies an operator to two values. Throws `HclError`. */
export function applyBinary(operator: BinaryOperator, left: Value, right: Value): Value {
  if (operator === '==') return isEqual(left, right)
  if (operator === '!=') return !isEqual(left, right)
  if (operator === '&&') return boolOf(left) && boolOf(right)
  if (operator === '||') return boolOf(left) || boolOf(right)
  const [a, b] = [numberOf(left), numberOf(right)]
  switch (operator) {
    case '<':
      return a < b
    case '<=':
      return a <= b
    case '>':
      return a > b
    case '>=':
      return a >= b
    case '+':
      return a + b
    case '-':
      return a - b
    case '*':
      return a * b
    case '/':
      if (b === 0) throw new HclError('it divides by zero')
      return a / b
    case '%':
      return b === 0 ? a : a % b
  }
}
