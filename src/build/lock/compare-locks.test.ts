import { expect, test } from 'bun:test'
import { sha256 } from '#oci'
import { compareLocks } from './compare-locks.ts'
import type { LockedSource } from './lock.ts'

const file = (url: string, text: string): LockedSource => ({
  kind: 'http',
  url,
  digest: sha256(text),
})

test('compareLocks() returns what is new, what changed and what is gone', () => {
  const before = {
    sources: [file('https://h/a', '1'), file('https://h/b', '1'), file('https://h/c', '1')],
  }
  const after = {
    sources: [file('https://h/a', '1'), file('https://h/b', '2'), file('https://h/d', '1')],
  }
  expect(compareLocks(before, after)).toEqual([
    { kind: 'changed', source: file('https://h/b', '2'), before: sha256('1'), after: sha256('2') },
    { kind: 'added', source: file('https://h/d', '1'), after: sha256('1') },
    { kind: 'removed', source: file('https://h/c', '1'), before: sha256('1') },
  ])
  expect(compareLocks(after, after)).toEqual([])
})

test('compareLocks() keeps a download of a command apart from a file of ADD', () => {
  const [url, digest] = ['https://h/a', sha256('1')]
  const changes = compareLocks(
    { sources: [{ kind: 'http', url, digest }] },
    { sources: [{ kind: 'download', url, digest }] },
  )
  expect(changes.map(({ kind }) => kind)).toEqual(['added', 'removed'])
})
