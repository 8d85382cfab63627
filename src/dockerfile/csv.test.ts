import { expect, test } from 'bun:test'
import { splitCsv } from './csv.ts'

const records: readonly (readonly [string, readonly string[] | undefined])[] = [
  ['', ['']],
  ['a', ['a']],
  ['a,,b', ['a', '', 'b']],
  ['a,', ['a', '']],
  ['"a,b",c', ['a,b', 'c']],
  ['a,"say ""hi"""', ['a', 'say "hi"']],
  ['"a",', ['a', '']],
  ['"a', undefined],
  ['"a"b', undefined],
]

test.each(records)('splitCsv() reads %p', (text, fields) => {
  expect(splitCsv(text)).toEqual(fields)
})
