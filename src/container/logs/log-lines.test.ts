import { expect, test } from 'bun:test'
import { lastLines, partIntoLines } from './log-lines.ts'

const record = (log: string, stream = 'stdout', time = '2026-01-01T00:00:00Z'): string =>
  `${JSON.stringify({ log, stream, time })}\n`

test('partIntoLines() finds the pieces of a line, also with the other stream in between', () => {
  const part = partIntoLines()
  const lines = [
    ...part(record('one\n') + record('begin ') + record('err\n', 'stderr')),
    ...part(`${record('middle ')}half of a rec\n${record('end\n')}${record('next\n')}`),
  ]
  expect(lines.map(({ text, number, startsLine }) => [text, number, startsLine])).toEqual([
    ['one\n', 1, true],
    ['begin ', 2, true],
    ['err\n', 3, true],
    ['middle ', 2, false],
    ['end\n', 2, false],
    ['next\n', 4, true],
  ])
})

test('lastLines() counts whole lines', () => {
  const text = [
    record('first\n'),
    record('long ', 'stdout'),
    record('e1\n', 'stderr'),
    record('more '),
    record('last'),
    record('e2\n', 'stderr'),
  ].join('')
  const texts = (count: number): readonly string[] =>
    lastLines([partIntoLines()(text)], count).map((line) => line.text)
  expect(texts(0)).toEqual([])
  expect(texts(1)).toEqual(['e2\n'])
  expect(texts(2)).toEqual(['e1\n', 'e2\n'])
  expect(texts(3)).toEqual(['long ', 'e1\n', 'more ', 'last', 'e2\n'])
  expect(texts(100)).toHaveLength(6)
})

test('lastLines() counts lines across batches', () => {
  const part = partIntoLines()
  const batches = Array.from({ length: 100 }, (_, turn) =>
    part(record(`line ${turn}\n`).repeat(50)),
  )
  expect(lastLines(batches, 3).map(({ number }) => number)).toEqual([4998, 4999, 5000])
})

test('partIntoLines() skips text that is not a record', () => {
  const whole = { log: 'a\n', stream: 'stdout', time: '2026-01-01T00:00:00Z' }
  const records = [
    { ...whole, log: undefined },
    { ...whole, time: undefined },
    { ...whole, log: 7 },
    { ...whole, stream: 'other' },
    whole,
    [],
    null,
  ]
  const text = records.map((each) => `${JSON.stringify(each)}\n`).join('')
  expect(partIntoLines()(`${text}{"log":\n`)).toMatchObject([
    { text: 'a\n', stream: 'stdout', number: 1 },
    { text: 'a\n', stream: 'stdout', number: 2 },
  ])
})
