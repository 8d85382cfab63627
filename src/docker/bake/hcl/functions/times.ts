import { homedir } from 'node:os'
import { parseDuration } from '#dockerfile/duration'
import { HclError } from '../hcl-error.ts'
import { mapOf, numberOf, type Value } from '../value.ts'
import { define, type FunctionTable } from './define.ts'

export const times: FunctionTable = {
  formatdate: define(['text', 'text'], (format, text) => formatTime(format, readTime(text))),
  formattimestamp: define(['text', 'any'], (format, value) => {
    const time = typeof value === 'string' ? readTime(value) : ofSeconds(numberOf(value))
    return format === 'X' ? String(Math.floor(time.at / 1000)) : formatTime(format, time)
  }),
  homedir: define([], () => homedir()),
  timeadd: define(['text', 'text'], (text, duration) => {
    const { at, offset } = readTime(text)
    const nanoseconds = parseDuration(duration)
    if (nanoseconds === undefined) throw new HclError(`${duration} is no duration`)
    return formatRfc3339({ at: at + Number(nanoseconds) / 1e6, offset })
  }),
  timestamp: define([], () => formatRfc3339({ at: Date.now(), offset: 0 })),
  unixtimestampparse: define(['number'], (seconds) => describe(ofSeconds(seconds))),
}

/** A time in milliseconds since 1970, in a zone so many minutes before UTC. */
interface Time {
  readonly at: number
  readonly offset: number
}

function readTime(text: string): Time {
  const [, sign, hours, minutes] =
    /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|([+-])(\d\d):(\d\d))$/.exec(text) ?? []
  const at = Date.parse(text)
  const isTime = /(Z|[+-]\d\d:\d\d)$/.test(text) && !Number.isNaN(at)
  if (!isTime) throw new HclError(`${JSON.stringify(text)} is no time of RFC 3339`)
  const offset = Number(hours ?? 0) * 60 + Number(minutes ?? 0)
  return { at, offset: sign === '-' ? -offset : offset }
}

function ofSeconds(seconds: number): Time {
  if (!Number.isInteger(seconds)) throw new HclError('the time is no whole number of seconds')
  return { at: seconds * 1000, offset: 0 }
}

const two = (value: number): string => String(value).padStart(2, '0')

function zoneOf(offset: number, between: string): string {
  const size = Math.abs(offset)
  return `${offset < 0 ? '-' : '+'}${two(Math.floor(size / 60))}${between}${two(size % 60)}`
}

/** The fields of a time are those of UTC after its offset was added. */
const local = ({ at, offset }: Time): Date => new Date(at + offset * 60_000)

function formatRfc3339(time: Time): string {
  const zone = time.offset === 0 ? 'Z' : zoneOf(time.offset, ':')
  return `${local(time).toISOString().slice(0, 19)}${zone}`
}

const months = [
  ...['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September'],
  ...['October', 'November', 'December'],
]
const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']

const monthOf = (date: Date): string => months[date.getUTCMonth()] ?? ''
const dayOf = (date: Date): string => days[date.getUTCDay()] ?? ''

type Write = (date: Date, time: Time) => string

const numbered = (
  letter: string,
  read: (date: Date) => number,
): Readonly<Record<string, Write>> => ({
  [letter]: (date) => String(read(date)),
  [letter + letter]: (date) => two(read(date)),
})

/** What each sequence of letters in a format is replaced by. */
const verbs: Readonly<Record<string, Write>> = {
  YY: (date) => two(date.getUTCFullYear() % 100),
  YYYY: (date) => String(date.getUTCFullYear()).padStart(4, '0'),
  ...numbered('M', (date) => date.getUTCMonth() + 1),
  MMM: (date) => monthOf(date).slice(0, 3),
  MMMM: monthOf,
  ...numbered('D', (date) => date.getUTCDate()),
  EEE: (date) => dayOf(date).slice(0, 3),
  EEEE: dayOf,
  ...numbered('h', (date) => date.getUTCHours()),
  ...numbered('H', (date) => date.getUTCHours() % 12 || 12),
  AA: (date) => (date.getUTCHours() < 12 ? 'AM' : 'PM'),
  aa: (date) => (date.getUTCHours() < 12 ? 'am' : 'pm'),
  ...numbered('m', (date) => date.getUTCMinutes()),
  ...numbered('s', (date) => date.getUTCSeconds()),
  Z: (_, { offset }) => (offset === 0 ? 'Z' : zoneOf(offset, ':')),
  ZZZ: (_, { offset }) => (offset === 0 ? 'UTC' : zoneOf(offset, '')),
  ZZZZ: (_, { offset }) => zoneOf(offset, ''),
  ZZZZZ: (_, { offset }) => zoneOf(offset, ':'),
}

/** Text in quotes is kept, and `''` is a quote. */
function formatTime(format: string, time: Time): string {
  const date = local(time)
  return format.replaceAll(/''|'((?:[^']|'')*)'|'|([A-Za-z])\2*/g, (whole, quoted) => {
    if (whole === "''") return "'"
    if (typeof quoted === 'string') return quoted.replaceAll("''", "'")
    const verb = Object.hasOwn(verbs, whole) ? verbs[whole] : undefined
    if (verb === undefined) throw new HclError(`${whole} in the format of a time is unknown`)
    return verb(date, time)
  })
}

function describe(time: Time): Value {
  const date = new Date(time.at)
  const year = date.getUTCFullYear()
  const day = Math.floor((time.at - Date.UTC(year, 0, 1)) / 86_400_000) + 1
  return mapOf([
    ['year', year],
    ['year_day', day],
    ['day', date.getUTCDate()],
    ['month', date.getUTCMonth() + 1],
    ['month_name', monthOf(date)],
    ['weekday', date.getUTCDay()],
    ['weekday_name', dayOf(date)],
    ['hour', date.getUTCHours()],
    ['minute', date.getUTCMinutes()],
    ['second', date.getUTCSeconds()],
    ['rfc3339', formatRfc3339(time)],
    ...isoWeek(date),
  ])
}

/** Returns the ISO week of a day: the number of the week is that of its Thursday. */
function isoWeek(date: Date): readonly (readonly [string, Value])[] {
  const thursday = new Date(date)
  thursday.setUTCHours(0, 0, 0, 0)
  thursday.setUTCDate(date.getUTCDate() + 4 - (date.getUTCDay() || 7))
  const year = thursday.getUTCFullYear()
  const week = Math.ceil(((thursday.getTime() - Date.UTC(year, 0, 1)) / 86_400_000 + 1) / 7)
  return [
    ['iso_year', year],
    ['iso_week', week],
  ]
}
