/** The integer types of Go. */
export type IntegerKind =
  | 'int'
  | 'int8'
  | 'int16'
  | 'int32'
  | 'int64'
  | 'uint'
  | 'uint8'
  | 'uint16'
  | 'uint32'
  | 'uint64'

const bits: Readonly<Record<IntegerKind, number>> = {
  int: 64,
  int8: 8,
  int16: 16,
  int32: 32,
  int64: 64,
  uint: 64,
  uint8: 8,
  uint16: 16,
  uint32: 32,
  uint64: 64,
}

export function isIntegerKind(kind: string): kind is IntegerKind {
  return Object.hasOwn(bits, kind)
}

export function isSigned(kind: IntegerKind): boolean {
  return kind.startsWith('int')
}

/** Cuts an integer to the bits of its type, as a conversion does in Go. */
export function wrapInteger(kind: IntegerKind, value: bigint): bigint {
  return isSigned(kind) ? BigInt.asIntN(bits[kind], value) : BigInt.asUintN(bits[kind], value)
}
