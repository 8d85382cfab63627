import { check, symbols } from '../call/libc.ts'

const calls = symbols({ poll: { args: ['ptr', 'u64', 'i32'], returns: 'i32' } })

const writable = 0x0004

/** Bytes that a ready descriptor accepts without waiting: the least that a pipe guarantees. */
export const roomSize = 4096

/**
 * Whether a descriptor accepts `roomSize` bytes at once. False while the reader of a pipe, a socket
 * or a terminal has stopped reading; true for files, and when a write would fail.
 */
export function hasRoom(fd: number): boolean {
  // struct pollfd: the descriptor, 16 bits of requested events, 16 bits of returned events.
  const entry = new Int32Array([fd, writable])
  return check(calls().poll(entry, 1, 0), 'poll') > 0
}
