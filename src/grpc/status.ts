import type { ErrorCode } from '#oci'
import { isStrakeError } from '#oci'
import { decode } from './decode.ts'
import { encode } from './encode.ts'

/** @see https://grpc.io/docs/guides/status-codes/ */
export const grpcCodes = {
  OK: 0,
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
  UNAUTHENTICATED: 16,
} as const

export type GrpcCode = keyof typeof grpcCodes

/** More about a failure, as `google.protobuf.Any`. */
export interface StatusDetail {
  readonly typeUrl: string
  readonly value: Uint8Array
}

/** The status of a call that failed. */
export class GrpcError extends Error {
  readonly code: GrpcCode
  readonly details: readonly StatusDetail[]

  constructor(
    code: GrpcCode,
    message: string,
    { details = [], cause }: { details?: readonly StatusDetail[]; cause?: unknown } = {},
  ) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'GrpcError'
    this.code = code
    this.details = details
  }
}

export function isGrpcError(error: unknown, ...codes: readonly GrpcCode[]): error is GrpcError {
  return error instanceof GrpcError && (codes.length === 0 || codes.includes(error.code))
}

const codesOfErrors: Readonly<Partial<Record<ErrorCode, GrpcCode>>> = {
  NOT_FOUND: 'NOT_FOUND',
  ALREADY_EXISTS: 'ALREADY_EXISTS',
  CONFLICT: 'FAILED_PRECONDITION',
  INVALID: 'INVALID_ARGUMENT',
  UNSUPPORTED: 'UNIMPLEMENTED',
  UNAVAILABLE: 'UNAVAILABLE',
  UNAUTHORIZED: 'UNAUTHENTICATED',
  DENIED: 'PERMISSION_DENIED',
}

/** The status of any error. An error of the program itself says nothing about it to the client. */
export function toGrpcError(error: unknown): GrpcError {
  if (error instanceof GrpcError) return error
  if (isStrakeError(error)) {
    const { code, message, remedy } = error
    const text = remedy === undefined ? message : `${message} (${remedy})`
    return new GrpcError(codesOfErrors[code] ?? 'UNKNOWN', text, { cause: error })
  }
  return new GrpcError('INTERNAL', 'Cannot answer the call: the server failed', { cause: error })
}

const Any = { typeUrl: ['string', 1], value: ['bytes', 2] } as const

/** `google.rpc.Status` */
const Status = {
  code: ['int32', 1],
  message: ['string', 2],
  details: [Any as typeof Any, 3, 'repeated'],
} as const

/** Bytes of a message in a trailer. Clients limit the size of all trailers together. */
const longestMessage = 16 * 1024

/** Base64 characters of the details. With more, the details are left out. */
const longestDetails = 700 * 1024

type Trailers = Readonly<Record<string, string>>

/** Returns the trailers of a call that ended with an error, or without one. */
export function formatTrailers(error?: GrpcError): Trailers {
  if (error === undefined) return { 'grpc-status': '0' }
  const code = grpcCodes[error.code]
  const message = encodeMessage(error.message)
  const trailers = { 'grpc-status': String(code), 'grpc-message': message }
  if (error.details.length === 0) return trailers
  const status = encode(Status, { code, message: error.message, details: error.details })
  const details = Buffer.from(status).toString('base64').replace(/=+$/, '')
  return details.length > longestDetails
    ? trailers
    : { ...trailers, 'grpc-status-details-bin': details }
}

/** Everything but printable ASCII is percent-encoded in UTF-8. */
function encodeMessage(text: string): string {
  const bytes = new TextEncoder().encode(text).subarray(0, longestMessage)
  let encoded = ''
  for (const byte of bytes) {
    const isPlain = byte >= 0x20 && byte <= 0x7e && byte !== 0x25
    encoded += isPlain
      ? String.fromCharCode(byte)
      : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  }
  return encoded
}

/** Returns the error of a call, `undefined` for success. `trailers` come from the other side. */
export function parseTrailers(trailers: Readonly<Record<string, unknown>>): GrpcError | undefined {
  const text = String(trailers['grpc-status'] ?? '')
  const code = /^\d{1,3}$/.test(text) ? Number(text) : undefined
  if (code === 0) return undefined
  const [name] = Object.entries(grpcCodes).find(([, value]) => value === code) ?? []
  if (name === undefined) return new GrpcError('UNKNOWN', 'the call ended without a known status')
  const message = decodeMessage(String(trailers['grpc-message'] ?? ''))
  return new GrpcError(name as GrpcCode, message, {
    details: parseDetails(trailers['grpc-status-details-bin']),
  })
}

function decodeMessage(text: string): string {
  const bytes = Buffer.from(
    text.replaceAll(/%([0-9A-Fa-f]{2})/g, (_, hex: string) =>
      String.fromCharCode(parseInt(hex, 16)),
    ),
    'latin1',
  )
  return bytes.toString('utf8')
}

/** Details that cannot be read are none: the code and the message are known without them. */
function parseDetails(text: unknown): readonly StatusDetail[] {
  if (typeof text !== 'string') return []
  try {
    return decode(Status, Buffer.from(text, 'base64')).details
  } catch {
    return []
  }
}
