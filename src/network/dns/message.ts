/** A question of the domain name system. */
export interface DnsQuestion {
  readonly id: number
  /** Lower case, without the dot at the end. */
  readonly name: string
  readonly type: number
  /** Bytes of the question, which an answer repeats. */
  readonly bytes: Uint8Array
  /** The client wants the server to ask others. */
  readonly isRecursive: boolean
  /** The most bytes of an answer by UDP that the client takes. */
  readonly udpSize: number
}

/** The types of records that the server knows. */
export const dnsType = { a: 1, ptr: 12, aaaa: 28, options: 41 } as const

export const dnsCode = { ok: 0, formatError: 1, failure: 2, notImplemented: 4 } as const

const headerLength = 12
const INTERNET = 1

/**
 * Reads a query with one question (RFC 1035 section 4.1). Returns `undefined` for anything else;
 * every length is checked, because any process of a container may send it.
 */
export function parseQuery(message: Uint8Array): DnsQuestion | undefined {
  if (message.length < headerLength) return undefined
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength)
  const flags = view.getUint16(2)
  const isQuery = (flags & 0xf800) === 0
  if (!isQuery || view.getUint16(4) !== 1) return undefined
  const name = readName(message, headerLength)
  if (name === undefined || name.end + 4 > message.length) return undefined
  const type = view.getUint16(name.end)
  if (view.getUint16(name.end + 2) !== INTERNET) return undefined
  const end = name.end + 4
  return {
    id: view.getUint16(0),
    name: name.text.toLowerCase(),
    type,
    bytes: message.subarray(headerLength, end),
    isRecursive: (flags & 0x100) !== 0,
    udpSize: readUdpSize(view, end),
  }
}

/** Reads labels. A question has no pointers. */
function readName(
  message: Uint8Array,
  start: number,
): { readonly text: string; readonly end: number } | undefined {
  const labels: string[] = []
  let at = start
  for (;;) {
    const length = message[at]
    if (length === undefined || length > 63 || at - start > 254) return undefined
    if (length === 0) return { text: labels.join('.'), end: at + 1 }
    if (at + 1 + length >= message.length) return undefined
    labels.push(String.fromCharCode(...message.subarray(at + 1, at + 1 + length)))
    at += 1 + length
  }
}

/** The size in an OPT record, if that comes first (RFC 6891). */
function readUdpSize(view: DataView, end: number): number {
  const usual = 512
  const isOption = end + 5 <= view.byteLength && view.getUint8(end) === 0
  if (!isOption || view.getUint16(end + 1) !== dnsType.options) return usual
  return Math.min(1232, Math.max(usual, view.getUint16(end + 3)))
}

/** Makes an answer with an error, or without records. */
export function formatEmpty(question: DnsQuestion, code: number): Uint8Array {
  return formatAnswer(question, [], code)
}

/** Makes an answer with the data of records of the asked type. */
export function formatAnswer(
  question: DnsQuestion,
  records: readonly Uint8Array[],
  code: number = dnsCode.ok,
): Uint8Array {
  const length = records.reduce((total, data) => total + 12 + data.length, 0)
  const answer = new Uint8Array(headerLength + question.bytes.length + length)
  const view = new DataView(answer.buffer)
  view.setUint16(0, question.id)
  const RESPONSE_AVAILABLE = 0x8080
  view.setUint16(2, RESPONSE_AVAILABLE | (question.isRecursive ? 0x100 : 0) | code)
  view.setUint16(4, 1)
  view.setUint16(6, records.length)
  answer.set(question.bytes, headerLength)
  let at = headerLength + question.bytes.length
  for (const data of records) {
    // The name is a pointer to that of the question.
    view.setUint16(at, 0xc000 | headerLength)
    view.setUint16(at + 2, question.type)
    view.setUint16(at + 4, INTERNET)
    view.setUint32(at + 6, timeToLive)
    view.setUint16(at + 10, data.length)
    answer.set(data, at + 12)
    at += 12 + data.length
  }
  return answer
}

/** Seconds; that of Docker. */
const timeToLive = 600

/** Shortens an answer that the client would not take by UDP. The client then asks by TCP. */
export function fitDatagram(question: DnsQuestion, answer: Uint8Array): Uint8Array {
  if (answer.length <= question.udpSize) return answer
  const short = formatEmpty(question, dnsCode.ok)
  const TRUNCATED = 0x02
  short[2] = (short[2] ?? 0) | TRUNCATED
  return short
}

/** Encodes a name as the data of a PTR record. */
export function encodeName(name: string): Uint8Array {
  const labels = name.split('.').map((label) => Buffer.from(label, 'latin1').subarray(0, 63))
  return Uint8Array.from([...labels.flatMap((label) => [label.length, ...label]), 0])
}
