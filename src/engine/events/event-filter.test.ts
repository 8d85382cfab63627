import { expect, test } from 'bun:test'
import type { EventRecord } from '#records'
import { type EventFilter, matchesEvent } from './event-filter.ts'

const container: EventRecord = {
  id: 1,
  at: 0,
  type: 'container',
  action: 'health_status: healthy',
  actor: 'abcdef012345',
  attributes: { name: 'web', image: 'localhost:5000/app:1', tier: 'front' },
}
const image: EventRecord = {
  id: 2,
  at: 0,
  type: 'image',
  action: 'pull',
  actor: 'sha256:123',
  attributes: { name: 'app:1' },
}

const matching: readonly (readonly [EventFilter, boolean, boolean])[] = [
  [{}, true, true],
  [{ types: ['container'] }, true, false],
  [{ types: ['container', 'image'] }, true, true],
  [{ actions: ['health_status'] }, true, false],
  [{ actions: ['health_status: healthy'] }, true, false],
  [{ actions: ['health'] }, false, false],
  [{ actions: ['pull', 'die'] }, false, true],
  [{ containers: ['web'] }, true, false],
  [{ containers: ['abcd'] }, true, false],
  [{ containers: ['app'] }, false, false],
  [{ containers: [''] }, false, false],
  [{ networks: ['web'] }, false, false],
  [{ volumes: ['web'] }, false, false],
  [{ images: ['app:1'] }, false, true],
  [{ images: ['app'] }, false, true],
  [{ images: ['123'] }, false, true],
  [{ images: ['localhost:5000/app'] }, true, false],
  [{ images: ['localhost:5000/app:1'] }, true, false],
  [{ images: ['localhost'] }, false, false],
  [{ labels: [{ key: 'tier' }] }, true, false],
  [{ labels: [{ key: 'tier', value: 'front' }] }, true, false],
  [{ labels: [{ key: 'tier', value: 'back' }] }, false, false],
  [{ types: ['container'], images: ['app:1'] }, false, false],
]

for (const [filter, isContainer, isImage] of matching) {
  test(`matchesEvent() by ${JSON.stringify(filter)}`, () => {
    expect(matchesEvent(filter, container)).toBe(isContainer)
    expect(matchesEvent(filter, image)).toBe(isImage)
  })
}
