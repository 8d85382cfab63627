import { expect, test } from 'bun:test'
import { createDetachFilter } from './detach-keys.ts'

function feed(keys: string | undefined, ...chunks: readonly string[]) {
  const filter = createDetachFilter(keys)
  let text = ''
  for (const chunk of chunks) {
    const { data, detached } = filter(new TextEncoder().encode(chunk))
    text += new TextDecoder().decode(data)
    if (detached) return { text, detached }
  }
  return { text, detached: false }
}

test('createDetachFilter() finds ctrl-p ctrl-q, also in two pieces, and passes on earlier bytes', () => {
  expect(feed(undefined, 'ab\x10\x11cd')).toEqual({ text: 'ab', detached: true })
  expect(feed(undefined, 'ab\x10', '\x11')).toEqual({ text: 'ab', detached: true })
})

test('createDetachFilter() passes on the beginning of the keys if other bytes follow', () => {
  expect(feed(undefined, '\x10', 'x')).toEqual({ text: '\x10x', detached: false })
  expect(feed(undefined, '\x10\x10\x11')).toEqual({ text: '\x10', detached: true })
  expect(feed(undefined, '\x10')).toEqual({ text: '', detached: false })
})

test('createDetachFilter() accepts other keys and no keys, and refuses invalid keys', () => {
  expect(feed('a,b', 'xab')).toEqual({ text: 'x', detached: true })
  expect(feed('ctrl-@', '\0')).toEqual({ text: '', detached: true })
  expect(feed('', '\x10\x11')).toEqual({ text: '\x10\x11', detached: false })
  expect(() => createDetachFilter('ctrl-pp')).toThrow('Cannot use detach keys ctrl-pp')
})
