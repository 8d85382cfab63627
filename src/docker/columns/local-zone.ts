/** An instant in the zone of this machine. */
export interface LocalInstant {
  /** `2026-11-23T06:42:42.123` */
  readonly text: string
  /** `+0100` */
  readonly offset: string
}

export function inLocalZone(instant: Date): LocalInstant {
  const minutes = -instant.getTimezoneOffset()
  const text = new Date(instant.getTime() + minutes * 60_000).toISOString().slice(0, -1)
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0')
  const size = Math.abs(minutes)
  return { text, offset: `${minutes < 0 ? '-' : '+'}${two(size / 60)}${two(size % 60)}` }
}
