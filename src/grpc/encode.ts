import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import type { Draft, Field, FieldType, MessageTable } from './message-table.ts'
import { scalars } from './scalars.ts'

/** Returns the bytes of a message. Fields with their default value are left out. */
export function encode<Table extends MessageTable>(
  table: Table,
  message: Draft<Table>,
): Uint8Array {
  const writer = new BinaryWriter()
  writeMessage(writer, table, message)
  return writer.finish()
}

/** Writes the fields of a message, in the order of its table. */
export function writeMessage(writer: BinaryWriter, table: MessageTable, message: object): void {
  const values = message as Readonly<Record<string, unknown>>
  for (const name in table) {
    const value = values[name]
    const field = table[name]
    if (value !== undefined && field !== undefined) writeField(writer, field, value)
  }
}

function writeField(writer: BinaryWriter, [type, number, shape]: Field, value: unknown): void {
  if (shape === 'repeated') {
    for (const item of value as readonly unknown[]) writeValue(writer, type, number, item)
  } else if (shape === 'map') {
    for (const [key, item] of Object.entries(value as object)) {
      writer.tag(number, WireType.LengthDelimited).fork()
      writer.tag(1, WireType.LengthDelimited).string(key)
      writeValue(writer, type, 2, item)
      writer.join()
    }
  } else if (shape === 'optional' || !isInitial(type, value)) {
    writeValue(writer, type, number, value)
  }
}

function isInitial(type: FieldType, value: unknown): boolean {
  if (typeof type !== 'string') return false
  return type === 'bytes' ? (value as Uint8Array).length === 0 : value === scalars[type].initial
}

function writeValue(writer: BinaryWriter, type: FieldType, number: number, value: unknown): void {
  if (typeof type === 'string') {
    const scalar = scalars[type]
    scalar.write(writer.tag(number, scalar.wireType), value)
    return
  }
  writer.tag(number, WireType.LengthDelimited).fork()
  writeMessage(writer, type, value as object)
  writer.join()
}
