/** A template that cannot be parsed or executed. */
export { TemplateError } from './error.ts'
/** JSON in Go's form. */
export { formatJson } from './functions/json.ts'
/** What actions print for values. */
export { print } from './print/print.ts'
/** Templates of Go's package text/template. */
export {
  type ExecuteOptions,
  executeTemplate,
  type FunctionTable,
  parseTemplate,
  type Template,
  type TemplateOptions,
} from './template.ts'
/** Upper and lower case of single characters. */
export { isWordRune, lowerRune, titleRune, upperRune } from './text/runes.ts'
/** Texts as bytes. */
export { type ByteText, encodeRune, fromBytes, runesOf, toBytes } from './text/utf8.ts'
/** Typed values of plain data. */
export { documentValue, typedValue } from './value/from-data.ts'
/** Functions that templates call. */
export { CallError, type Charge, type TemplateFunction } from './value/function.ts'
export { boolValue, intValue, stringList, stringValue } from './value/make.ts'
export {
  anyType,
  type BasicType,
  boolType,
  type Field,
  intType,
  listOf,
  mapOf,
  pointerTo,
  type StructType,
  stringType,
  type Type,
} from './value/types.ts'
export type { Method, Optional, Signature, Value } from './value/value.ts'
