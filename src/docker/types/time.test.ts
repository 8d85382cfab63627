import { expect, test } from 'bun:test'
import { executeTemplate, parseTemplate, typedValue } from '#template'
import { dockerFunctions } from '../formats/functions.ts'
import { formatGoTime, timeType } from './time.ts'

test('formatGoTime() formats times as Go prints them', () => {
  expect(formatGoTime('2026-11-29T02:50:24.403140749Z')).toBe(
    '2026-11-29 02:50:24.403140749 +0000 UTC',
  )
  expect(formatGoTime('2026-01-02T03:04:05.120Z')).toBe('2026-01-02 03:04:05.12 +0000 UTC')
  expect(formatGoTime('2026-01-02T03:04:05.000Z')).toBe('2026-01-02 03:04:05 +0000 UTC')
  expect(formatGoTime('0001-01-01T00:00:00Z')).toBe('0001-01-01 00:00:00 +0000 UTC')
  expect(formatGoTime('2026-01-02T03:04:05+05:30')).toBe('2026-01-02 03:04:05 +0530 +0530')
  expect(formatGoTime('no time')).toBe('no time')
})

test('timeType keeps RFC 3339 in JSON', () => {
  const value = typedValue(timeType, '2026-01-02T03:04:05Z')
  const template = parseTemplate('{{.}} {{json .}} {{printf "%.4s" .}}', {
    functions: dockerFunctions,
  })
  expect(executeTemplate(template, value)).toBe(
    '2026-01-02 03:04:05 +0000 UTC "2026-01-02T03:04:05Z" 2026',
  )
})
