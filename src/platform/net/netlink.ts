import { check, errno, SystemError } from '../call/libc.ts'
import { networkCalls } from './network-calls.ts'

/** Protocols of a netlink socket. */
export const netlinkProtocol = { route: 0, netfilter: 12 } as const

/** Flags of a request's header. The socket adds `REQUEST` and `ACK`. */
export const netlinkFlag = { dump: 0x300, replace: 0x100, excl: 0x200, create: 0x400 } as const

const REQUEST = 0x1
const ACK = 0x4
const MESSAGE_ERROR = 2
const MESSAGE_DONE = 3
const CAPPED_HEADER = 20
const NESTED = 0x8000

/** A message to the kernel: `body` is the family's own header and then its attributes. */
export interface NetlinkRequest {
  readonly type: number
  readonly flags?: number
  readonly body: Uint8Array
  /** The kernel answers this request only when it refuses it (the brackets of a batch). */
  readonly unanswered?: boolean
}

/** A message from the kernel that is neither an acknowledgement nor an end mark. */
export interface NetlinkMessage {
  readonly type: number
  readonly body: Uint8Array
}

/** A request that the kernel refused. `path` is the kernel's explanation, if it gave one. */
export class NetlinkError extends SystemError {
  constructor(number: number, explanation?: string) {
    super(number, 'netlink', explanation)
    this.name = 'NetlinkError'
  }
}

/** A connection to the network namespace that the thread was in when it was opened. */
export interface NetlinkSocket extends Disposable {
  /**
   * Sends all messages in one datagram and returns the kernel's answers. Throws
   * `NetlinkError` for the first refused request; whether the other requests took effect
   * depends on the protocol (a batch is atomic).
   */
  send(requests: readonly NetlinkRequest[]): readonly NetlinkMessage[]
}

/** Opens a socket in the calling thread's network namespace. It stays there when the thread leaves. */
export function openNetlink(protocol: number): NetlinkSocket {
  const AF_NETLINK = 16
  const SOCK_RAW_CLOEXEC = 0o2000003
  const fd = check(networkCalls().socket(AF_NETLINK, SOCK_RAW_CLOEXEC, protocol), 'socket')
  const SOL_NETLINK = 270
  const on = new Uint32Array([1])
  for (const option of [10 /* CAP_ACK */, 11 /* EXT_ACK */]) {
    networkCalls().setsockopt(fd, SOL_NETLINK, option, on, 4)
  }
  return new KernelSocket(fd)
}

class KernelSocket implements NetlinkSocket {
  #fd: number
  #sequence = 1

  constructor(fd: number) {
    this.#fd = fd
  }

  send(requests: readonly NetlinkRequest[]): readonly NetlinkMessage[] {
    const first = this.#sequence
    this.#sequence += requests.length
    const datagram = concatenate(requests.map((request, i) => frame(request, first + i)))
    check(networkCalls().send(this.#fd, datagram, datagram.length, 0), 'send')
    return this.#receive(requests, first)
  }

  /** The kernel answers within the call that asks, so an empty queue is an error and nothing blocks. */
  #receive(requests: readonly NetlinkRequest[], first: number): readonly NetlinkMessage[] {
    const open = new Set(requests.flatMap((request, i) => (request.unanswered ? [] : [first + i])))
    const answers: NetlinkMessage[] = []
    let refusal: NetlinkError | undefined
    while (open.size > 0) {
      for (const message of parseDatagram(this.#datagram())) {
        const index = message.sequence - first
        if (index < 0 || index >= requests.length) continue
        if (message.type === MESSAGE_ERROR || message.type === MESSAGE_DONE) {
          open.delete(message.sequence)
          const refused = parseRefusal(message)
          if (refused !== undefined && requests[index]?.unanswered === true) throw refused
          refusal ??= refused
        } else answers.push(message)
      }
    }
    if (refusal !== undefined) throw refusal
    return answers
  }

  #datagram(): Uint8Array {
    const MSG_DONTWAIT = 0x40
    const buffer = new Uint8Array(65536)
    for (;;) {
      const length = Number(networkCalls().recv(this.#fd, buffer, buffer.length, MSG_DONTWAIT))
      if (length >= 0) return buffer.subarray(0, length)
      const failure = new SystemError(errno(), 'recv')
      if (failure.code !== 'EINTR') throw failure
    }
  }

  [Symbol.dispose](): void {
    if (this.#fd >= 0) networkCalls().close(this.#fd)
    this.#fd = -1
  }
}

interface SequencedMessage extends NetlinkMessage {
  readonly flags: number
  readonly sequence: number
}

function frame(request: NetlinkRequest, sequence: number): Uint8Array {
  const length = 16 + request.body.length
  const bytes = new Uint8Array((length + 3) & ~3)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, length, true)
  view.setUint16(4, request.type, true)
  view.setUint16(6, REQUEST | (request.unanswered ? 0 : ACK) | (request.flags ?? 0), true)
  view.setUint32(8, sequence, true)
  bytes.set(request.body, 16)
  return bytes
}

function* parseDatagram(bytes: Uint8Array): Generator<SequencedMessage> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let at = 0; at + 16 <= bytes.length; ) {
    const length = view.getUint32(at, true)
    if (length < 16 || at + length > bytes.length) return
    yield {
      type: view.getUint16(at + 4, true),
      flags: view.getUint16(at + 6, true),
      sequence: view.getUint32(at + 8, true),
      body: bytes.subarray(at + 16, at + length),
    }
    at += (length + 3) & ~3
  }
}

function parseRefusal(message: SequencedMessage): NetlinkError | undefined {
  if (message.body.length < 4) return undefined
  const { body } = message
  const number = -new DataView(body.buffer, body.byteOffset, body.length).getInt32(0, true)
  if (number === 0) return undefined
  const ACK_TLVS = 0x200
  const explained = message.type === MESSAGE_ERROR && (message.flags & ACK_TLVS) !== 0
  const text = explained ? parseAttributes(body.subarray(CAPPED_HEADER)).get(1) : undefined
  return new NetlinkError(number, text && parseText(text))
}

/** Returns one padded attribute. A string gets a NUL; a number has 32 bits in host order. */
export function attribute(type: number, value: Uint8Array | string | number): Uint8Array {
  const payload = encodeValue(value)
  const bytes = new Uint8Array((4 + payload.length + 3) & ~3)
  const view = new DataView(bytes.buffer)
  view.setUint16(0, 4 + payload.length, true)
  view.setUint16(2, type, true)
  bytes.set(payload, 4)
  return bytes
}

/** Returns an attribute that holds other attributes. */
export function nested(type: number, ...children: readonly Uint8Array[]): Uint8Array {
  return attribute(type | NESTED, concatenate(children))
}

function encodeValue(value: Uint8Array | string | number): Uint8Array {
  if (typeof value === 'string') return new TextEncoder().encode(`${value}\0`)
  if (typeof value === 'number') return new Uint8Array(new Uint32Array([value]).buffer)
  return value
}

/** Returns the attributes in `bytes` by type, the last one of each type. */
export function parseAttributes(bytes: Uint8Array): ReadonlyMap<number, Uint8Array> {
  return new Map(listAttributes(bytes))
}

/** Returns the attributes in `bytes` in order, for a list of attributes of one type. */
export function listAttributes(bytes: Uint8Array): readonly (readonly [number, Uint8Array])[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const found: (readonly [number, Uint8Array])[] = []
  for (let at = 0; at + 4 <= bytes.length; ) {
    const length = view.getUint16(at, true)
    if (length < 4 || at + length > bytes.length) break
    found.push([view.getUint16(at + 2, true) & 0x3fff, bytes.subarray(at + 4, at + length)])
    at += (length + 3) & ~3
  }
  return found
}

/** Returns the text of a NUL-terminated attribute. */
export function parseText(value: Uint8Array): string {
  const end = value.indexOf(0)
  return new TextDecoder().decode(end < 0 ? value : value.subarray(0, end))
}

/** Concatenates without padding. */
export function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
