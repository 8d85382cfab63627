import type { Timestamp } from '../messages/common.ts'

/** Returns a time in milliseconds since 1970 as a message. */
export function timestamp(milliseconds: number): Timestamp {
  const seconds = Math.floor(milliseconds / 1000)
  return { seconds, nanos: Math.round((milliseconds - seconds * 1000) * 1e6) }
}
