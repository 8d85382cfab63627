import { BinaryReader, WireType } from '@bufbuild/protobuf/wire'
import { isStrakeError, StrakeError } from '#oci'
import type { Field, Message, MessageTable } from './message-table.ts'
import { scalars } from './scalars.ts'

/** Messages inside messages. Those of BuildKit are at most 6 deep. */
const deepest = 32

/** Elements of lists and maps in one message, because each takes more memory than bytes. */
const mostElements = 500_000

/** The state of reading one message and the messages in it. */
interface Reading {
  readonly reader: BinaryReader
  elements: number
}

/** A message within the bytes of a stream. Messages that came together share `bytes`. */
export interface Frame {
  readonly bytes: Uint8Array
  readonly start: number
  readonly end: number
}

/**
 * Reads a message. Fields that the table does not have are skipped. `bytes` fields refer to
 * `bytes`. Throws `INVALID` for bytes that are no such message.
 */
export function decode<Table extends MessageTable>(
  table: Table,
  bytes: Uint8Array,
): Message<Table> {
  return createDecoder(table)({ bytes, start: 0, end: bytes.length })
}

/** The same for messages of a stream, many of which lie in the same bytes. */
export function createDecoder<Table extends MessageTable>(
  table: Table,
): (place: Frame) => Message<Table> {
  let last: { readonly bytes: Uint8Array; readonly reader: BinaryReader } | undefined
  return ({ bytes, start, end }) => {
    try {
      if (last?.bytes !== bytes) last = { bytes, reader: new BinaryReader(bytes) }
      const { reader } = last
      reader.pos = start
      const message = empty(table)
      readFields({ reader, elements: 0 }, { table, message, end, depth: 0 })
      return message as Message<Table>
    } catch (cause) {
      if (isStrakeError(cause)) throw cause
      const reason = cause instanceof Error ? cause.message : String(cause)
      throw new StrakeError('INVALID', `Cannot read a message: ${reason}`, { cause })
    }
  }
}

type Values = Record<string, unknown>

interface Target {
  readonly table: MessageTable
  readonly message: Values
  /** The position after the last byte of the message. */
  readonly end: number
  readonly depth: number
}

/** Returns a message without any field that was sent. */
function empty(table: MessageTable): Values {
  const { initial, containers } = planOf(table)
  const message = { ...initial }
  for (const [name, shape] of containers) {
    // Keys come from outside, and an inherited name must not be found among them.
    message[name] = shape === 'repeated' ? [] : Object.create(null)
  }
  return message
}

function readFields(reading: Reading, target: Target): void {
  const { reader } = reading
  if (target.depth > deepest) throw invalid('it has too many messages inside each other')
  const { fields } = planOf(target.table)
  while (reader.pos < target.end) {
    const [number, wireType] = reader.tag()
    const field = fields.get(number)
    if (field === undefined || !readField(reading, target, field, wireType)) {
      reader.skip(wireType, number)
    }
  }
  if (reader.pos !== target.end) throw invalid('a field is longer than its message')
}

interface NamedField {
  readonly name: string
  readonly field: Field
  /** The message that holds one key and one value of a map. */
  readonly entry: MessageTable
}

/** What reading needs to know about a table. */
interface Plan {
  readonly fields: ReadonlyMap<number, NamedField>
  /** The values of fields that were not sent, apart from `containers`. */
  readonly initial: Values
  /** Every message needs lists and maps of its own. */
  readonly containers: readonly (readonly [name: string, shape: 'repeated' | 'map'])[]
}

const plans = new WeakMap<MessageTable, Plan>()

function planOf(table: MessageTable): Plan {
  const known = plans.get(table)
  if (known !== undefined) return known
  const named = Object.entries(table)
  const fields = named.map(([name, field]): [number, NamedField] => {
    const entry = { key: ['string', 1], value: [field[0], 2] } as const
    return [field[1], { name, field, entry }]
  })
  const initial = named.map(([name, [type, , shape]]) => {
    const isAbsent = shape !== undefined || typeof type !== 'string'
    return [name, isAbsent ? undefined : scalars[type].initial]
  })
  const containers = named.flatMap(([name, [, , shape]]) =>
    shape === 'repeated' || shape === 'map' ? [[name, shape] as const] : [],
  )
  const plan = { fields: new Map(fields), initial: Object.fromEntries(initial), containers }
  plans.set(table, plan)
  return plan
}

/** Returns false for a value of another wire type, which counts as an unknown field. */
function readField(
  reading: Reading,
  { message, depth, end }: Target,
  { name, field, entry }: NamedField,
  wireType: WireType,
): boolean {
  const [type, , shape] = field
  const { reader } = reading
  const isDelimited = wireType === WireType.LengthDelimited
  if (shape === 'map') {
    if (!isDelimited) return false
    countElement(reading)
    const { key, value } = readMessage(reading, entry, empty(entry), { end, depth })
    const values = message[name] as Values
    values[key as string] = value ?? empty(type as MessageTable)
  } else if (typeof type !== 'string') {
    if (!isDelimited) return false
    const isRepeated = shape === 'repeated'
    const known = isRepeated ? undefined : (message[name] as Values | undefined)
    const value = readMessage(reading, type, known ?? empty(type), { end, depth })
    if (isRepeated) append(reading, message[name], value)
    else message[name] = value
  } else if (shape === 'repeated') {
    const scalar = scalars[type]
    if (wireType === scalar.wireType) append(reading, message[name], scalar.read(reader))
    else if (isDelimited) {
      const last = endOfField(reader, end)
      while (reader.pos < last) append(reading, message[name], scalar.read(reader))
      if (reader.pos !== last) throw invalid('a number is longer than its list')
    } else return false
  } else {
    const scalar = scalars[type]
    if (wireType !== scalar.wireType) return false
    message[name] = scalar.read(reader)
  }
  return true
}

function readMessage(
  reading: Reading,
  table: MessageTable,
  message: Values,
  parent: { readonly end: number; readonly depth: number },
): Values {
  const end = endOfField(reading.reader, parent.end)
  readFields(reading, { table, message, end, depth: parent.depth + 1 })
  return message
}

function endOfField(reader: BinaryReader, parentEnd: number): number {
  const length = reader.uint32()
  const end = reader.pos + length
  if (end > parentEnd) throw invalid('a field is longer than its message')
  return end
}

function append(reading: Reading, list: unknown, value: unknown): void {
  countElement(reading)
  const elements = list as unknown[]
  elements.push(value)
}

function countElement(reading: Reading): void {
  reading.elements++
  if (reading.elements > mostElements) throw invalid('it has too many elements')
}

function invalid(reason: string): StrakeError {
  return new StrakeError('INVALID', `Cannot read a message: ${reason}`)
}
