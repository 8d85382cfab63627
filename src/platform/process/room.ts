import { check, symbols } from '../call/libc.ts'

const calls = symbols({ poll: { args: ['ptr', 'u64', 'i32'], returns: 'i32' } })

const writable = 0x0004

/** Bytes that a descriptor with room takes without waiting: the least that a pipe promises. */
export const roomSize = 4096

/**
 * Whether a descriptor takes `roomSize` bytes at once. False while the reader of a pipe, a
 * socket or a terminal has stopped reading; true for files, and where writing fails.
 */
export function hasRoom(fd: number): boolean {
  // struct pollfd: the descriptor, 16 bits of events asked for, 16 bits of events found.
  const entry = new Int32Array([fd, writable])
  return check(calls().poll(entry, 1, 0), 'poll') > 0
}
