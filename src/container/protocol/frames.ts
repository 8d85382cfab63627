import { concat } from '#stream'

/**
 * A message between a monitor and a client over a stream socket: one byte of kind,
 * four bytes of length (big-endian), then that many bytes.
 */
export type Frame =
  /** The first frame of a client. */
  | { readonly kind: 'hello'; readonly hello: Hello }
  | { readonly kind: 'stdin' | 'stdout' | 'stderr'; readonly data: Uint8Array }
  /** The client has sent all its input. */
  | { readonly kind: 'end' }
  | { readonly kind: 'resize'; readonly rows: number; readonly columns: number }
  /** A stop was requested: the monitor reads the state again. */
  | { readonly kind: 'wake' }
  /** The client suspends the container. If it leaves while it holds it, the monitor resumes the container. */
  | { readonly kind: 'hold'; readonly isHeld: boolean }
  /** The container has ended, will not be restarted, and is cleaned up. */
  | { readonly kind: 'exit'; readonly code: number }
  /** The client asks for a health check now. The monitor answers with `probed`. */
  | { readonly kind: 'probe' }
  | { readonly kind: 'probed'; readonly result: ProbeResult | undefined }

const healthStatuses = ['starting', 'healthy', 'unhealthy'] as const

/** A health check and the health of the container after it. */
export interface ProbeResult {
  readonly status: (typeof healthStatuses)[number]
  /** 0 for success; -1 for a check that could not be run or took too long. */
  readonly exitCode: number
  /** The first 4096 bytes. */
  readonly output: string
}

export interface Hello {
  /** The client reads output from now on. The container waits while the client does not read. */
  readonly output: boolean
}

const kinds = [
  ...(['hello', 'stdin', 'stdout', 'stderr'] as const),
  ...(['end', 'resize', 'wake', 'exit', 'hold', 'probe', 'probed'] as const),
]

const headerSize = 5
/** The most bytes in a frame. A peer that announces more is not a monitor or client. */
const largestBody = 64 * 1024

/** Splits a frame into frames that are small enough to send. */
export function* splitFrame(frame: Frame): Generator<Frame> {
  if (!('data' in frame)) {
    yield frame
    return
  }
  for (let start = 0; start < frame.data.length; start += largestBody) {
    yield { kind: frame.kind, data: frame.data.subarray(start, start + largestBody) }
  }
}

export function encodeFrame(frame: Frame): Uint8Array {
  const body = bodyOf(frame)
  const bytes = new Uint8Array(headerSize + body.length)
  bytes[0] = kinds.indexOf(frame.kind)
  new DataView(bytes.buffer).setUint32(1, body.length)
  bytes.set(body, headerSize)
  return bytes
}

function bodyOf(frame: Frame): Uint8Array {
  switch (frame.kind) {
    case 'stdin':
    case 'stdout':
    case 'stderr':
      return frame.data
    case 'end':
    case 'wake':
    case 'probe':
      return new Uint8Array(0)
    case 'hello':
      return new TextEncoder().encode(JSON.stringify(frame.hello))
    default: {
      const { kind, ...fields } = frame
      return new TextEncoder().encode(JSON.stringify(fields))
    }
  }
}

/**
 * Returns a function that assembles frames from chunks. It leaves out frames of a kind that only a
 * later version knows, and throws `RangeError` for bytes that are not a frame.
 */
export function createFrameDecoder(): (chunk: Uint8Array) => readonly Frame[] {
  let waiting: Uint8Array = new Uint8Array(0)
  return (chunk) => {
    waiting = concat([waiting, chunk])
    const frames: Frame[] = []
    while (waiting.length >= headerSize) {
      const view = new DataView(waiting.buffer, waiting.byteOffset, waiting.length)
      const size = view.getUint32(1)
      if (size > largestBody) throw new RangeError(`a frame of ${size} bytes is too large`)
      if (waiting.length < headerSize + size) break
      const frame = decode(view.getUint8(0), waiting.subarray(headerSize, headerSize + size))
      if (frame !== undefined) frames.push(frame)
      waiting = waiting.subarray(headerSize + size)
    }
    return frames
  }
}

function decode(index: number, body: Uint8Array): Frame | undefined {
  const kind = kinds[index]
  switch (kind) {
    case undefined:
      return undefined
    case 'stdin':
    case 'stdout':
    case 'stderr':
      return { kind, data: body }
    case 'end':
    case 'wake':
    case 'probe':
      return { kind }
    default:
      return decodeFields(kind, JSON.parse(new TextDecoder().decode(body)))
  }
}

function decodeFields(
  kind: 'hello' | 'resize' | 'exit' | 'hold' | 'probed',
  fields: Readonly<Record<string, unknown>>,
): Frame {
  switch (kind) {
    case 'hello':
      return { kind, hello: { output: fields['output'] === true } }
    case 'resize':
      return { kind, rows: Number(fields['rows']), columns: Number(fields['columns']) }
    case 'exit':
      return { kind, code: Number(fields['code']) }
    case 'hold':
      return { kind, isHeld: fields['isHeld'] === true }
    case 'probed':
      return { kind, result: readResult(fields['result']) }
  }
}

function readResult(value: unknown): ProbeResult | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const fields: Readonly<Record<string, unknown>> = { ...value }
  const status = healthStatuses.find((one) => one === fields['status'])
  if (status === undefined) return undefined
  return { status, exitCode: Number(fields['exitCode']), output: String(fields['output']) }
}
