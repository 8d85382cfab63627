import { type BinaryReader, type BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import { StrakeError } from '#oci'
import type { ScalarType } from './message-table.ts'

/** How a scalar is written, without its tag. */
export interface Scalar {
  readonly wireType: WireType
  readonly initial: unknown
  read(reader: BinaryReader): unknown
  write(writer: BinaryWriter, value: unknown): void
}

const noBytes = new Uint8Array()

/** Every scalar. A value of another type than the table says is a mistake of our own code. */
export const scalars: Readonly<Record<ScalarType, Scalar>> = {
  string: {
    wireType: WireType.LengthDelimited,
    initial: '',
    // Bytes that are no UTF-8 are refused: a replaced name would be the name of another file.
    read: (reader) => reader.string(true),
    write: (writer, value) => writer.string(value as string),
  },
  bytes: {
    wireType: WireType.LengthDelimited,
    initial: noBytes,
    read: (reader) => reader.bytes(),
    write: (writer, value) => writer.bytes(value as Uint8Array),
  },
  bool: {
    wireType: WireType.Varint,
    initial: false,
    read: (reader) => reader.bool(),
    write: (writer, value) => writer.bool(value as boolean),
  },
  int32: {
    wireType: WireType.Varint,
    initial: 0,
    read: (reader) => reader.int32(),
    write: (writer, value) => writer.int32(value as number),
  },
  uint32: {
    wireType: WireType.Varint,
    initial: 0,
    read: (reader) => reader.uint32(),
    write: (writer, value) => writer.uint32(value as number),
  },
  int64: {
    wireType: WireType.Varint,
    initial: 0,
    read: (reader) => exactNumber(reader.int64()),
    write: (writer, value) => writer.int64(value as number),
  },
  uint64: {
    wireType: WireType.Varint,
    initial: 0,
    read: (reader) => exactNumber(reader.uint64()),
    write: (writer, value) => writer.uint64(value as number),
  },
  bigint: {
    wireType: WireType.Varint,
    initial: 0n,
    read: (reader) => BigInt(reader.int64()),
    write: (writer, value) => writer.int64(value as bigint),
  },
  double: {
    wireType: WireType.Bit64,
    initial: 0,
    read: (reader) => reader.double(),
    write: (writer, value) => writer.double(value as number),
  },
}

function exactNumber(value: bigint | string): number {
  const number = Number(value)
  if (Number.isSafeInteger(number)) return number
  throw new StrakeError('INVALID', `Cannot read a message: the number ${value} is too large`)
}
