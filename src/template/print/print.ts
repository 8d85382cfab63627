import type { ByteText } from '../text/utf8.ts'
import type { Charge } from '../value/function.ts'
import { stringValue } from '../value/make.ts'
import { indirect, type Optional } from '../value/value.ts'
import { noFlags } from './flags.ts'
import { Printer } from './printer.ts'

/** Go's `Sprint`: a space between two operands unless one is a string. */
export function print(operands: readonly Optional[], charge: Charge): ByteText {
  const printer = new Printer(charge)
  let wasString = true
  for (const operand of operands) {
    const isString = operand?.kind === 'string'
    if (!isString && !wasString) printer.write(' ')
    printer.printArgument(operand, 'v', noFlags)
    wasString = isString
  }
  return printer.text
}

/** Go's `Sprintln`: a space between all operands, and a line break. */
export function println(operands: readonly Optional[], charge: Charge): ByteText {
  const printer = new Printer(charge)
  for (const [index, operand] of operands.entries()) {
    if (index > 0) printer.write(' ')
    printer.printArgument(operand, 'v', noFlags)
  }
  printer.write('\n')
  return printer.text
}

/** Returns what an action prints for a value: what a pointer points to, or `<no value>` for no value. */
export function shownValue(value: Optional): Optional {
  const shown = value?.kind === 'pointer' ? indirect(value) : value
  return shown ?? stringValue('<no value>')
}
