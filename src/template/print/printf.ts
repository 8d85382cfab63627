import { type ByteText, runeAt } from '../text/utf8.ts'
import type { Charge } from '../value/function.ts'
import type { Optional } from '../value/value.ts'
import { type Flags, noFlags } from './flags.ts'
import { Printer } from './printer.ts'

/** Go's `Sprintf`. A wrong verb or operand is no error: the result shows it, as in `%!d(MISSING)`. */
export function printf(format: ByteText, operands: readonly Optional[], charge: Charge): ByteText {
  const printer = new Printer(charge)
  const reader = new DirectiveReader(format, operands)
  while (reader.at < format.length) {
    const percent = format.indexOf('%', reader.at)
    const end = percent < 0 ? format.length : percent
    if (end > reader.at) printer.write(format.slice(reader.at, end))
    reader.at = end
    if (percent >= 0) printDirective(printer, reader)
  }
  printUnused(printer, reader)
  return printer.text
}

function printDirective(printer: Printer, reader: DirectiveReader): void {
  const { flags, problems, verb, isBadIndex } = reader.readDirective()
  for (const problem of problems) printer.write(problem)
  if (verb === undefined) {
    printer.write('%!(NOVERB)')
    return
  }
  if (verb === '%') {
    printer.write('%')
    return
  }
  if (isBadIndex) {
    printer.write(`%!${verb}(BADINDEX)`)
    return
  }
  if (reader.operand >= reader.operands.length) {
    printer.write(`%!${verb}(MISSING)`)
    return
  }
  const operand = reader.operands[reader.operand++]
  if (verb === 'v') {
    const { plus, sharp } = flags
    const forValues = { ...flags, plus: false, sharp: false, plusV: plus, sharpV: sharp }
    printer.printArgument(operand, verb, forValues)
    return
  }
  printer.printArgument(operand, verb, flags)
}

/** Operands without a verb are shown, unless the format chose operands by number. */
function printUnused(printer: Printer, { operands, operand, isReordered }: DirectiveReader): void {
  if (isReordered || operand >= operands.length) return
  printer.write('%!(EXTRA ')
  for (const [index, value] of operands.slice(operand).entries()) {
    if (index > 0) printer.write(', ')
    if (value === undefined) printer.write('<nil>')
    else {
      printer.write(`${value.type.name}=`)
      printer.printArgument(value, 'v', noFlags)
    }
  }
  printer.write(')')
}

interface Directive {
  readonly flags: Flags
  /** `%!(BADWIDTH)` and `%!(BADPREC)`, which are printed before the operand. */
  readonly problems: readonly string[]
  /** `undefined` when the format ends before the verb. */
  readonly verb: ByteText | undefined
  readonly isBadIndex: boolean
}

/** The largest width, precision and operand number. */
const largest = 1_000_000

class DirectiveReader {
  at = 0
  /** The index of the next operand. */
  operand = 0
  isReordered = false
  readonly format: ByteText
  readonly operands: readonly Optional[]
  #isBadIndex = false

  constructor(format: ByteText, operands: readonly Optional[]) {
    this.format = format
    this.operands = operands
  }

  /** Reads a directive; `at` is at its percent sign. */
  readDirective(): Directive {
    this.#isBadIndex = false
    this.at++
    const start = this.at
    while ('#0+- '.includes(this.format[this.at] ?? 'end')) this.at++
    const given = this.format.slice(start, this.at)
    let flags: Flags = {
      ...noFlags,
      sharp: given.includes('#'),
      zero: given.includes('0'),
      plus: given.includes('+'),
      minus: given.includes('-'),
      space: given.includes(' '),
    }
    const problems: string[] = []
    let isAfterIndex = this.#readIndex()
    if (this.#isNext('*')) {
      const width = this.#readStar()
      if (width === undefined) problems.push('%!(BADWIDTH)')
      // A negative width pads to the right, where zeros cannot stand.
      else if (width < 0) flags = { ...flags, width: -width, minus: true, zero: false }
      else flags = { ...flags, width }
      isAfterIndex = false
    } else {
      const width = this.#readNumber()
      if (width !== undefined && isAfterIndex) this.#isBadIndex = true
      flags = { ...flags, width }
    }
    if (this.#isNext('.') && this.at + 1 < this.format.length) {
      this.at++
      if (isAfterIndex) this.#isBadIndex = true
      isAfterIndex = this.#readIndex()
      if (this.#isNext('*')) {
        const precision = this.#readStar()
        if (precision === undefined || precision < 0) problems.push('%!(BADPREC)')
        else flags = { ...flags, precision }
        isAfterIndex = false
      } else flags = { ...flags, precision: this.#readNumber() ?? 0 }
    }
    if (!isAfterIndex) this.#readIndex()
    return { flags, problems, verb: this.#readVerb(), isBadIndex: this.#isBadIndex }
  }

  #isNext(character: string): boolean {
    return this.format[this.at] === character
  }

  #readVerb(): ByteText | undefined {
    const { size } = runeAt(this.format, this.at)
    if (size === 0) return undefined
    this.at += size
    return this.format.slice(this.at - size, this.at)
  }

  /** Reads digits. Returns `undefined` without digits; a too large number skips the rest of the format. */
  #readNumber(): number | undefined {
    const [digits = ''] = /^[0-9]*/.exec(this.format.slice(this.at, this.at + 9)) ?? []
    if (digits === '') return undefined
    if (Number(digits.slice(0, -1)) > largest) {
      this.at = this.format.length
      return undefined
    }
    this.at += digits.length
    return Number(digits)
  }

  /** Takes the next operand as a width or precision. */
  #readStar(): number | undefined {
    this.at++
    if (this.operand >= this.operands.length) return undefined
    const operand = this.operands[this.operand++]
    if (operand?.kind !== 'integer') return undefined
    const number = Number(operand.integer)
    return Math.abs(number) > largest ? undefined : number
  }

  /** Reads `[2]`, which chooses the next operand. Returns whether there was one. */
  #readIndex(): boolean {
    if (!this.#isNext('[')) return false
    this.isReordered = true
    const close = this.format.indexOf(']', this.at)
    const isShort = this.format.length - this.at < 3
    const text = close < 0 || isShort ? '' : this.format.slice(this.at + 1, close)
    this.at = close < 0 || isShort ? this.at + 1 : close + 1
    const number = /^[0-9]{1,7}$/.test(text) ? Number(text) : undefined
    if (number !== undefined && number >= 1 && number <= this.operands.length) {
      this.operand = number - 1
      return true
    }
    this.#isBadIndex = true
    return number !== undefined
  }
}
