import { expect, test } from 'bun:test'
import { mapWords, rangesOf, userNameIn } from './id-ranges.ts'

test('rangesOf() reads the lines of a user, by name and by number', () => {
  const text = [
    'ann:100000:65536',
    'bob:165536:65536',
    '1000:300000:10',
    '# a comment',
    'ann:text:5',
    'ann:5',
    'ann:7:0',
    '',
  ].join('\n')
  expect(rangesOf(text, { uid: 1000, name: 'ann' })).toEqual([
    { first: 100000, count: 65536 },
    { first: 300000, count: 10 },
  ])
  expect(rangesOf(text, { uid: 1000 })).toEqual([{ first: 300000, count: 10 }])
  expect(rangesOf(text, { uid: 7, name: '' })).toEqual([])
  expect(rangesOf('7:1:1\n'.repeat(500), { uid: 7 })).toHaveLength(100)
})

test('userNameIn() finds the name of an ID', () => {
  const text = 'root:x:0:0:root:/root:/bin/sh\nann:x:1000:7::/home/ann:/bin/sh\nbroken\n:x:8:8\n'
  expect([0, 1000, 7, 8].map((uid) => userNameIn(text, uid))).toEqual([
    'root',
    'ann',
    undefined,
    undefined,
  ])
})

test('mapWords() makes the user root, and lets the ranges follow without a gap', () => {
  const ranges = [
    { first: 100000, count: 65536 },
    { first: 300000, count: 10 },
  ]
  expect(mapWords(1000, ranges).join(' ')).toBe('0 1000 1 1 100000 65536 65537 300000 10')
})
