/**
 * A message of Protocol Buffers as plain data: the type, the number and the shape of each field.
 *
 * ```ts
 * export const Ref = { id: ['string', 1], def: [Definition as typeof Definition, 2] } as const
 * export type Ref = Message<typeof Ref>
 * ```
 * The assertion repeats the type of another table, because exported values state their types.
 *
 * @see https://protobuf.dev/programming-guides/encoding/
 */
export interface MessageTable {
  readonly [field: string]: Field
}

export type Field = readonly [type: FieldType, number: number, shape?: FieldShape]

export type FieldType = ScalarType | MessageTable

/**
 * Without a shape, a scalar that is absent has its default value. `optional` is a scalar that can
 * be absent, such as a member of a `oneof`. The keys of a `map` are strings.
 */
export type FieldShape = 'optional' | 'repeated' | 'map'

/**
 * Integers of 64 bits are numbers, and a larger one than a number can hold is refused. `bigint` is
 * an `int64` for values that may be larger, such as nanoseconds. An enumeration is an `int32`.
 */
export type ScalarType =
  | 'string'
  | 'bytes'
  | 'bool'
  | 'int32'
  | 'uint32'
  | 'int64'
  | 'uint64'
  | 'bigint'
  | 'double'

interface ScalarValues {
  readonly string: string
  readonly bytes: Uint8Array
  readonly bool: boolean
  readonly int32: number
  readonly uint32: number
  readonly int64: number
  readonly uint64: number
  readonly bigint: bigint
  readonly double: number
}

/** A message that was received: every field is present, unless its absence has a meaning. */
export type Message<Table> = { readonly [Name in keyof Table]: ReceivedValue<Table[Name]> }

/** A message to be sent: every field may be absent. */
export type Draft<Table> = { readonly [Name in keyof Table]?: DraftValue<Table[Name]> | undefined }

type ReceivedValue<Row> = Row extends readonly [infer Type, number, 'repeated']
  ? readonly Received<Type>[]
  : Row extends readonly [infer Type, number, 'map']
    ? Readonly<Record<string, Received<Type>>>
    : Row extends readonly [infer Type, number, 'optional']
      ? Received<Type> | undefined
      : Row extends readonly [infer Type, number]
        ? Type extends ScalarType
          ? Received<Type>
          : Received<Type> | undefined
        : never

type Received<Type> = Type extends ScalarType ? ScalarValues[Type] : Message<Type>

type DraftValue<Row> = Row extends readonly [infer Type, number, 'repeated']
  ? readonly Drafted<Type>[]
  : Row extends readonly [infer Type, number, 'map']
    ? Readonly<Record<string, Drafted<Type>>>
    : Row extends readonly [infer Type, ...unknown[]]
      ? Drafted<Type>
      : never

type Drafted<Type> = Type extends ScalarType ? ScalarValues[Type] : Draft<Type>
