import { parseDuration } from '#dockerfile/duration'
import type { BuildRecord } from '#engine/history/history'
import { StrakeError } from '#oci'

type Condition = (record: BuildRecord) => boolean

/**
 * Reads `--filter` of `buildx history ls`: `ref=`, `status=` or `repository=` and a text, also with
 * `!=`; `startedAt`, `completedAt` or `duration` and `<`, `<=`, `>` or `>=`. Throws `INVALID`.
 */
export function parseBuildFilters(
  texts: readonly string[],
  now: number = Date.now(),
): (record: BuildRecord) => boolean {
  const conditions = texts.map((text) => parseFilter(text, now))
  return (record) => conditions.every((condition) => condition(record))
}

function parseFilter(text: string, now: number): Condition {
  const [, key = '', operator = '', value = ''] = /^(\w+)(!=|=|<=|<|>=|>)(.*)$/s.exec(text) ?? []
  switch (key) {
    case 'ref':
    case 'repository':
    case 'status':
      return textCondition(text, { key, operator, value })
    case 'startedAt':
    case 'completedAt':
      return compare(text, operator, timeOf(text, value, now), (record) => record[key].getTime())
    case 'duration':
      return compare(text, operator, spanOf(text, value), (record) => {
        return record.completedAt.getTime() - record.startedAt.getTime()
      })
    default:
      throw refuse(text, 'expected ref, repository, status, startedAt, completedAt or duration')
  }
}

function textCondition(
  text: string,
  {
    key,
    operator,
    value,
  }: { readonly key: string; readonly operator: string; readonly value: string },
): Condition {
  if (operator !== '=' && operator !== '!=') throw refuse(text, `${key} takes = or !=`)
  const own = (record: BuildRecord): string =>
    key === 'ref' ? record.id : key === 'status' ? record.status : (record.context ?? '')
  // As in buildx, a part of a reference or a repository is enough.
  const isEqual: Condition = (record) =>
    key === 'status' ? own(record) === value : own(record).includes(value)
  return operator === '=' ? isEqual : (record) => own(record) !== value
}

function compare(
  text: string,
  operator: string,
  limit: number,
  own: (record: BuildRecord) => number,
): Condition {
  switch (operator) {
    case '<':
      return (record) => own(record) < limit
    case '<=':
      return (record) => own(record) <= limit
    case '>':
      return (record) => own(record) > limit
    case '>=':
      return (record) => own(record) >= limit
    default:
      throw refuse(text, 'it takes <, <=, > or >=')
  }
}

/** An instant, or a time before now. */
function timeOf(text: string, value: string, now: number): number {
  const span = parseDuration(value)
  const time = span === undefined ? Date.parse(value) : now - span / 1e6
  if (Number.isNaN(time)) throw refuse(text, `${value} is neither a time nor a duration`)
  return time
}

function spanOf(text: string, value: string): number {
  const span = parseDuration(value)
  if (span === undefined) throw refuse(text, `${value} is no duration, such as 10s or 5m`)
  return span / 1e6
}

function refuse(text: string, reason: string): StrakeError {
  return new StrakeError('INVALID', `Cannot use --filter ${text}: ${reason}`)
}
