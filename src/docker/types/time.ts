import type { BasicType } from '#template'

const pattern = /^(\d+-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.(\d+?)0*)?(Z|[+-]\d\d:\d\d)$/

/** Formats a time of RFC 3339 as Go prints times: `2026-01-02 15:04:05.5 +0000 UTC`. */
export function formatGoTime(text: string): string {
  const match = pattern.exec(text)
  if (match === null) return text
  const [, date, time, fraction = '', zone = 'Z'] = match
  const offset = zone === 'Z' ? '+0000' : zone.replace(':', '')
  const part = fraction === '' || fraction === '0' ? '' : `.${fraction}`
  return `${date} ${time}${part} ${offset} ${offset === '+0000' ? 'UTC' : offset}`
}

/** In JSON a time has the form of RFC 3339. */
export const timeType: BasicType = { kind: 'string', name: 'time.Time', shown: formatGoTime }
