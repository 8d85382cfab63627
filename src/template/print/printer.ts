import type { ByteText } from '../text/utf8.ts'
import type { Charge } from '../value/function.ts'
import { isSigned } from '../value/integers.ts'
import {
  fieldOf,
  type ListValue,
  type MapValue,
  type Optional,
  type StructValue,
  type Value,
} from '../value/value.ts'
import { type Flags, pad } from './flags.ts'
import { formatFloat } from './floats.ts'
import { formatInteger } from './integers.ts'
import { formatString } from './strings.ts'

/** Printed for every pointer: a real address would differ at each run. */
const address = 0xc000010000n

/**
 * Formats values by the verbs of Go's package fmt.
 *
 * @see https://pkg.go.dev/fmt
 */
export class Printer {
  text: ByteText = ''
  readonly #charge: Charge

  /** Counts the bytes of the result as they are written, so that no result grows too large. */
  constructor(charge: Charge) {
    this.#charge = charge
  }

  write(text: ByteText): void {
    this.#charge(text.length)
    this.text += text
  }

  /** Formats one operand. */
  printArgument(value: Optional, verb: string, flags: Flags): void {
    this.#charge((flags.width ?? 0) + (flags.precision ?? 0))
    if (value === undefined) {
      if (verb === 'T' || verb === 'v') this.write(pad('<nil>', flags))
      else this.#badVerb(undefined, verb, flags)
    } else if (verb === 'w') {
      // This verb is for the errors of a program.
      this.#badVerb(value, verb, flags)
    } else if (verb === 'T') this.write(formatString(value.type.name, 's', flags) ?? '')
    else if (verb === 'p') this.#pointer(value, verb, flags)
    else this.#print(value, verb, flags, 0)
  }

  #print(value: Value, verb: string, flags: Flags, depth: number): void {
    switch (value.kind) {
      case 'bool':
        if (verb === 't' || verb === 'v') this.write(pad(String(value.bool), flags))
        else this.#badVerb(value, verb, flags)
        return
      case 'string': {
        const { shown } = value.type
        // Go's source code shows the value itself.
        const text = shown === undefined || flags.sharpV ? value.text : shown(value.text)
        this.#writeOr(formatString(text, verb, flags), value, verb, flags)
        return
      }
      case 'integer': {
        const signed = isSigned(value.type.kind)
        this.#writeOr(formatInteger(value.integer, verb, flags, signed), value, verb, flags)
        return
      }
      case 'float':
        this.#writeOr(formatFloat(value.float, verb, flags), value, verb, flags)
        return
      case 'complex': {
        const real = formatFloat(value.real, verb, flags)
        const imaginary = formatFloat(value.imaginary, verb, { ...flags, plus: true })
        this.#writeOr(real && `(${real}${imaginary}i)`, value, verb, flags)
        return
      }
      case 'list':
        this.#list(value, verb, flags, depth)
        return
      case 'map':
        this.#map(value, verb, flags, depth)
        return
      case 'struct': {
        const text = shownStruct(value, verb, flags)
        if (text === undefined) this.#struct(value, verb, flags, depth)
        else this.write(text)
        return
      }
      case 'interface':
        if (value.content !== undefined) this.#print(value.content, verb, flags, depth + 1)
        else this.write(flags.sharpV ? `${value.type.name}(nil)` : '<nil>')
        return
      case 'pointer': {
        const { target } = value
        const text = target?.kind === 'struct' ? shownStruct(target, verb, flags) : undefined
        if (text !== undefined) {
          this.write(text)
          return
        }
        // A pointer inside another value stays an address: values could contain themselves.
        const isShown = depth === 0 && target !== undefined && isComposite(target)
        if (!isShown) {
          this.#pointer(value, verb, flags)
          return
        }
        this.write('&')
        this.#print(target, verb, flags, depth + 1)
        return
      }
    }
  }

  #writeOr(text: ByteText | undefined, value: Value, verb: string, flags: Flags): void {
    if (text === undefined) this.#badVerb(value, verb, flags)
    else this.write(text)
  }

  /** `%!d(string=text)`, in which the flags format the text. */
  #badVerb(value: Optional, verb: string, flags: Flags): void {
    this.write(`%!${verb}(`)
    if (value === undefined) this.write('<nil>')
    else {
      this.write(`${value.type.name}=`)
      this.#print(value, 'v', flags, 0)
    }
    this.write(')')
  }

  #list(list: ListValue, verb: string, flags: Flags, depth: number): void {
    if (flags.sharpV) {
      this.write(list.type.name)
      if (list.isNil) {
        this.write('(nil)')
        return
      }
    }
    this.write(flags.sharpV ? '{' : '[')
    for (const [index, item] of list.items.entries()) {
      if (index > 0) this.write(flags.sharpV ? ', ' : ' ')
      this.#print(item, verb, flags, depth + 1)
    }
    this.write(flags.sharpV ? '}' : ']')
  }

  #map(map: MapValue, verb: string, flags: Flags, depth: number): void {
    if (flags.sharpV) {
      this.write(map.type.name)
      if (map.isNil) {
        this.write('(nil)')
        return
      }
    }
    this.write(flags.sharpV ? '{' : 'map[')
    for (const [index, [key, item]] of map.entries.entries()) {
      if (index > 0) this.write(flags.sharpV ? ', ' : ' ')
      this.#print(key, verb, flags, depth + 1)
      this.write(':')
      this.#print(item, verb, flags, depth + 1)
    }
    this.write(flags.sharpV ? '}' : ']')
  }

  #struct(struct: StructValue, verb: string, flags: Flags, depth: number): void {
    if (flags.sharpV) this.write(struct.type.name)
    this.write('{')
    for (const [index, value] of struct.values.entries()) {
      if (index > 0) this.write(flags.sharpV ? ', ' : ' ')
      const name = struct.type.fields[index]?.name
      if (flags.plusV || flags.sharpV) this.write(`${name}:`)
      const held = value.kind === 'interface' && value.content ? value.content : value
      this.#print(held, verb, flags, depth + 1)
    }
    this.write('}')
  }

  #pointer(value: Value, verb: string, flags: Flags): void {
    const isNil =
      value.kind === 'pointer'
        ? value.target === undefined
        : (value.kind === 'list' || value.kind === 'map') && value.isNil
    if (value.kind !== 'pointer' && value.kind !== 'list' && value.kind !== 'map') {
      this.#badVerb(value, verb, flags)
      return
    }
    const at = isNil ? 0n : address
    const hex = (sharp: boolean): ByteText =>
      formatInteger(at, 'x', { ...flags, sharp }, false) ?? ''
    if (verb === 'v') {
      if (flags.sharpV) this.write(`(${value.type.name})(${isNil ? 'nil' : hex(true)})`)
      else this.write(isNil ? pad('<nil>', flags) : hex(!flags.sharp))
    } else if (verb === 'p') this.write(hex(!flags.sharp))
    else if ('bodxX'.includes(verb)) this.write(formatInteger(at, verb, flags, false) ?? '')
    else this.#badVerb(value, verb, flags)
  }
}

/** The text of a struct that is printed as one. Go's source code and verbs for numbers show its fields. */
function shownStruct(struct: StructValue, verb: string, flags: Flags): ByteText | undefined {
  const { shown } = struct.type
  if (shown === undefined || flags.sharpV || !'vsxXq'.includes(verb)) return undefined
  const textOf = (name: string): ByteText => {
    const field = fieldOf(struct, name)
    return field?.kind === 'string' ? field.text : ''
  }
  return formatString(shown(textOf), verb, flags)
}

function isComposite({ kind }: Value): boolean {
  return kind === 'list' || kind === 'map' || kind === 'struct'
}
