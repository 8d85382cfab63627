import { expect, test } from 'bun:test'
import { eventDocument } from '../documents/event.ts'
import { formatDocument, parseDocumentFormat } from '../formats/documents.ts'
import { eventLine } from './event-line.ts'

const event = {
  id: 1,
  at: 1_795_917_857_961,
  type: 'container',
  action: 'die',
  actor: 'abc',
  attributes: { name: 'web', exitCode: '0' },
}

function inZone<T>(zone: string, work: () => T): T {
  const before = process.env['TZ']
  process.env['TZ'] = zone
  try {
    return work()
  } finally {
    process.env['TZ'] = before ?? 'UTC'
  }
}

test('eventLine() prints time, type, action, actor and sorted attributes', () => {
  expect(inZone('UTC', () => eventLine(event))).toBe(
    '2026-11-29T02:04:17.961000000Z container die abc (exitCode=0, name=web)',
  )
  expect(inZone('America/St_Johns', () => eventLine(event))).toBe(
    '2026-11-28T22:34:17.961000000-03:30 container die abc (exitCode=0, name=web)',
  )
  expect(inZone('UTC', () => eventLine({ ...event, actor: '', attributes: {} }))).toBe(
    '2026-11-29T02:04:17.961000000Z container die',
  )
})

test('eventDocument() has the shape and the digits of Docker', () => {
  const json = parseDocumentFormat('json', { kind: 'event', show: (text) => text })
  expect(formatDocument(json, eventDocument(event))).toBe(
    '{"Type":"container","Action":"die","Actor":{"ID":"abc","Attributes":{"exitCode":"0","name":"web"}},"scope":"local","time":1795917857,"timeNano":1795917857961000000}',
  )
})
