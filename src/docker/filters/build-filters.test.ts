import { expect, test } from 'bun:test'
import type { BuildRecord } from '#engine/history/history'
import { parseBuildFilters } from './build-filters.ts'

const now = Date.parse('2026-01-02T12:00:00Z')
const record = {
  id: 'abc',
  status: 'error',
  context: 'https://example.com/app.git',
  startedAt: new Date(now - 3_600_000),
  completedAt: new Date(now - 3_540_000),
} as BuildRecord

test.each([
  ['ref=ab', true],
  ['ref!=abc', false],
  ['status=error', true],
  ['status=err', false],
  ['status!=completed', true],
  ['repository=example.com', true],
  ['startedAt<30m', true],
  ['startedAt>30m', false],
  ['startedAt>=2026-01-02T11:00:00Z', true],
  ['completedAt<=2026-01-01T00:00:00Z', false],
  ['duration>59s', true],
  ['duration<1m', false],
  ['duration<=1m', true],
])('parseBuildFilters(%p)', (text, expected) => {
  expect(parseBuildFilters([text], now)(record)).toBe(expected)
})

test('parseBuildFilters() needs every condition', () => {
  expect(parseBuildFilters(['ref=abc', 'status=completed'], now)(record)).toBe(false)
  expect(parseBuildFilters([], now)(record)).toBe(true)
})

test.each([
  ['ref', 'expected ref, repository, status'],
  ['name=x', 'expected ref, repository, status'],
  ['ref<x', 'ref takes = or !='],
  ['duration=1s', 'it takes <, <=, > or >='],
  ['duration>soon', 'soon is no duration'],
  ['startedAt>soon', 'soon is neither a time nor a duration'],
])('parseBuildFilters(%p) refuses it', (text, reason) => {
  expect(() => parseBuildFilters([text], now)).toThrow(reason)
})
