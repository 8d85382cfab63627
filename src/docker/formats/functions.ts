import {
  anyType,
  type ByteText,
  CallError,
  type Charge,
  encodeRune,
  type FunctionTable,
  formatJson,
  intType,
  isWordRune,
  lowerRune,
  type Optional,
  print,
  runesOf,
  stringList,
  stringType,
  stringValue,
  type TemplateFunction,
  titleRune,
  upperRune,
} from '#template'

/** The functions that Docker adds to those of Go. */
export const dockerFunctions: FunctionTable = new Map<string, TemplateFunction>([
  ['json', { fixed: [anyType], call: ([value], charge) => stringValue(formatJson(value, charge)) }],
  [
    'split',
    {
      fixed: [stringType, stringType],
      call: ([text, separator]) => stringList(split(textOf(text), textOf(separator))),
    },
  ],
  ['join', { fixed: [anyType, stringType], call: join }],
  ['title', ofText(title)],
  ['lower', ofText((text) => mapRunes(text, lowerRune))],
  ['upper', ofText((text) => mapRunes(text, upperRune))],
  ['pad', { fixed: [stringType, intType, intType], call: pad }],
  ['truncate', { fixed: [stringType, intType], call: truncate }],
])

/** The functions of buildx: its `json` prints an object on several lines. */
export const indentingFunctions: FunctionTable = new Map<string, TemplateFunction>([
  ...dockerFunctions,
  [
    'json',
    {
      fixed: [anyType],
      call: ([value], charge) => stringValue(indented(formatJson(value, charge))),
    },
  ],
])

/** Go's encoder escapes characters of HTML, and Docker switches that off. */
function indented(json: ByteText): ByteText {
  return JSON.stringify(JSON.parse(json), undefined, 2).replaceAll(
    /[<>&]/g,
    (char) => `\\u00${char.charCodeAt(0).toString(16)}`,
  )
}

/**
 * The functions for the header of a table: the name of a column stays as it is, so that
 * `{{upper .Names}}` and `{{json .ID}}` have the usual header.
 */
export const headerFunctions: FunctionTable = new Map<string, TemplateFunction>([
  ...dockerFunctions,
  ...['json', 'title', 'lower', 'upper'].map(
    (name) => [name, { fixed: [stringType], call: first }] as const,
  ),
  ...['split', 'join'].map(
    (name) => [name, { fixed: [stringType, stringType], call: first }] as const,
  ),
  ['truncate', { fixed: [stringType, intType], call: first }],
])

function first([value]: readonly Optional[]): Optional {
  return value
}

function textOf(value: Optional): ByteText {
  return value?.kind === 'string' ? value.text : ''
}

function numberOf(value: Optional): number {
  return value?.kind === 'integer' ? Number(value.integer) : 0
}

function ofText(change: (text: ByteText) => ByteText): TemplateFunction {
  return {
    fixed: [stringType],
    call: ([value], charge) => {
      charge(textOf(value).length)
      return stringValue(change(textOf(value)))
    },
  }
}

/** Splits at a separator; without a separator between all characters. */
function split(text: ByteText, separator: ByteText): readonly ByteText[] {
  if (separator !== '') return text.split(separator)
  const parts: ByteText[] = []
  let at = 0
  for (const { size } of runesOf(text)) {
    parts.push(text.slice(at, at + size))
    at += size
  }
  return parts
}

/** Joins the items of a list, or the sorted values of a map. */
function join([given, separator]: readonly Optional[], charge: Charge): Optional {
  const elements = unwrap(given)
  if (elements === undefined) return stringValue('')
  const between = textOf(separator)
  if (elements.kind === 'list') {
    const texts = elements.items.map((item) => print([unwrap(item)], charge))
    charge(between.length * texts.length)
    return stringValue(texts.join(between))
  }
  if (elements.kind === 'map') {
    const texts = elements.entries.map(([, item]) => print([unwrap(item)], charge))
    charge(between.length * texts.length)
    return stringValue(texts.sort().join(between))
  }
  throw new CallError(`expected slice, got ${elements.type.name}`)
}

function unwrap(value: Optional): Optional {
  return value?.kind === 'interface' ? value.content : value
}

function mapRunes(text: ByteText, change: (code: number) => number): ByteText {
  let changed = ''
  for (const { code } of runesOf(text)) changed += encodeRune(change(code))
  return changed
}

/** Makes the first letter of each word upper case. */
function title(text: ByteText): ByteText {
  let isInWord = false
  return mapRunes(text, (code) => {
    const changed = isInWord ? code : titleRune(code)
    // Characters besides ASCII end a word only if they are spaces.
    isInWord = isWordRune(code) || (code >= 0x80 && !/\s/.test(String.fromCodePoint(code)))
    return changed
  })
}

/** Adds spaces on both sides, but not to an empty text. */
function pad([source, before, after]: readonly Optional[], charge: Charge): Optional {
  const text = textOf(source)
  if (text === '') return source
  const [left, right] = [numberOf(before), numberOf(after)]
  if (left < 0 || right < 0) throw new CallError('strings: negative Repeat count')
  charge(left + right)
  return stringValue(' '.repeat(left) + text + ' '.repeat(right))
}

/** Keeps the first bytes. */
function truncate([source, length]: readonly Optional[]): Optional {
  const count = numberOf(length)
  if (count < 0) {
    throw new CallError(`runtime error: slice bounds out of range [:${count}]`)
  }
  return stringValue(textOf(source).slice(0, count))
}
