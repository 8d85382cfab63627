import { print, println, shownValue } from '../print/print.ts'
import { printf } from '../print/printf.ts'
import type { ByteText } from '../text/utf8.ts'
import { CallError, type Charge, type TemplateFunction } from '../value/function.ts'
import { boolValue, stringValue } from '../value/make.ts'
import { anyType, stringType } from '../value/types.ts'
import { content, isTrue, type Optional } from '../value/value.ts'
import { equal, less } from './compare.ts'
import { index, length, slice } from './elements.ts'
import { escapeHtml, escapeJs, escapeQuery } from './escape.ts'

const pair = { fixed: ['value', 'value'] } as const
const several = { fixed: ['value'], rest: 'value' } as const
const operands = { fixed: [], rest: anyType } as const

/**
 * The functions of every template. The executor itself evaluates `and` and `or`, because
 * they leave arguments unevaluated, and `call`, because it needs the written name.
 *
 * @see https://pkg.go.dev/text/template#hdr-Functions
 */
export const builtins: ReadonlyMap<string, TemplateFunction> = new Map<string, TemplateFunction>([
  ['eq', { ...several, call: (args, charge) => boolValue(equal(args, charge)) }],
  ['ne', { ...pair, call: (args, charge) => boolValue(!equal(args, charge)) }],
  ['lt', { ...pair, call: (args) => boolValue(less(args)) }],
  ['le', { ...pair, call: (args, charge) => boolValue(less(args) || equal(args, charge)) }],
  ['gt', { ...pair, call: (args, charge) => boolValue(!less(args) && !equal(args, charge)) }],
  ['ge', { ...pair, call: (args) => boolValue(!less(args)) }],
  ['not', { fixed: ['value'], call: ([arg]) => boolValue(!isTrue(content(arg))) }],
  ['and', { ...several, call: ([first]) => first }],
  ['or', { ...several, call: ([first]) => first }],
  ['call', { ...several, call: refuseCall }],
  ['index', { ...several, call: index }],
  ['slice', { ...several, call: slice }],
  ['len', { fixed: ['value'], call: length }],
  ['print', { ...operands, call: text(print) }],
  ['println', { ...operands, call: text(println) }],
  ['printf', { fixed: [stringType], rest: anyType, call: text(formatted) }],
  ['html', { ...operands, call: text(escaped(escapeHtml)) }],
  ['js', { ...operands, call: text(escaped(escapeJs)) }],
  ['urlquery', { ...operands, call: text(escaped(escapeQuery)) }],
])

type MakeText = (args: readonly Optional[], charge: Charge) => ByteText

function text(make: MakeText): TemplateFunction['call'] {
  return (args, charge) => stringValue(make(args.map(content), charge))
}

function formatted([format, ...args]: readonly Optional[], charge: Charge): ByteText {
  return printf(format?.kind === 'string' ? format.text : '', args, charge)
}

/** Escapes what an action would print for the arguments. */
function escaped(escapeText: (text: ByteText) => ByteText): MakeText {
  return (args, charge) => {
    const escapedText = escapeText(print(args.map(shownValue), charge))
    charge(escapedText.length)
    return escapedText
  }
}

/** Data has no functions, so that there is nothing to call. */
function refuseCall([callee]: readonly Optional[]): never {
  const value = content(callee)
  throw new CallError(
    value === undefined ? 'call of nil' : `non-function ${calleeMark} of type ${value.type.name}`,
  )
}

/** In errors of `call` the executor replaces this by what is called, as it is written. */
export const calleeMark = '\u0000'
