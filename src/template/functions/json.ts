import { type ByteText, encodeRune, runesOf } from '../text/utf8.ts'
import { CallError, type Charge } from '../value/function.ts'
import { jsonNumberType } from '../value/types.ts'
import {
  isTrue,
  type MapValue,
  type Optional,
  type StructValue,
  type Value,
} from '../value/value.ts'

/**
 * Formats a value as Go's package encoding/json does without HTML escapes. Throws
 * `CallError` for a value that JSON does not have.
 */
export function formatJson(value: Optional, charge: Charge): ByteText {
  const text = encode(value)
  charge(text.length)
  return text
}

function encode(value: Optional): ByteText {
  switch (value?.kind) {
    case undefined:
      return 'null'
    case 'bool':
      return String(value.bool)
    case 'integer':
      return String(value.integer)
    case 'float':
      if (Number.isFinite(value.float)) return String(value.float)
      throw new CallError(`json: unsupported value: ${value.float < 0 ? '-' : '+'}Inf`)
    case 'complex':
      throw new CallError('json: unsupported type: complex128')
    case 'string':
      return value.type === jsonNumberType ? value.text : quoteJson(value.text)
    case 'list':
      return value.isNil ? 'null' : `[${value.items.map(encode).join(',')}]`
    case 'map':
      return encodeMap(value)
    case 'struct':
      return encodeStruct(value)
    case 'pointer':
      return encode(value.target)
    case 'interface':
      return encode(value.content)
  }
}

function encodeMap({ entries, isNil }: MapValue): ByteText {
  if (isNil) return 'null'
  const members = entries.map(([key, item]) => [keyText(key), encode(item)] as const)
  members.sort(([a], [b]) => (a < b ? -1 : Number(a > b)))
  return `{${members.map(([key, item]) => `${quoteJson(key)}:${item}`).join(',')}}`
}

function keyText(key: Value): ByteText {
  if (key.kind === 'string') return key.text
  return key.kind === 'integer' ? String(key.integer) : ''
}

function encodeStruct(struct: StructValue): ByteText {
  return `{${encodeMembers(struct).join(',')}}`
}

function encodeMembers({ type, values }: StructValue): readonly ByteText[] {
  return type.fields.flatMap(({ json, omitEmpty, isEmbedded }, index) => {
    const value = values[index]
    if (isEmbedded && value?.kind === 'struct') return encodeMembers(value)
    // Neither a struct nor a pointer to a value is empty.
    const isLeftOut = omitEmpty && !isTrue(value)
    return value === undefined || isLeftOut ? [] : [`${quoteJson(json)}:${encode(value)}`]
  })
}

const escapes: Readonly<Record<number, string>> = {
  8: '\\b',
  9: '\\t',
  10: '\\n',
  12: '\\f',
  13: '\\r',
  34: '\\"',
  92: '\\\\',
}

function quoteJson(text: ByteText): ByteText {
  let quoted = '"'
  for (const { code, isValid } of runesOf(text)) {
    const isEscaped = code < 0x20 || code === 0x2028 || code === 0x2029 || !isValid
    const plain = isEscaped ? `\\u${code.toString(16).padStart(4, '0')}` : encodeRune(code)
    quoted += escapes[code] ?? plain
  }
  return `${quoted}"`
}
