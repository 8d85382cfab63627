// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are the substitutions of Dockerfiles
import { expect, test } from 'bun:test'
import { evaluate } from './expression.ts'

const values: Readonly<Record<string, string>> = { A: 'one', EMPTY: '', NO: 'false', SPACE: 'a b' }
const lookup = (name: string): string | undefined => values[name]

test.each([
  ['$A', true],
  ['$EMPTY', false],
  ['$NO', false],
  ['0', false],
  ['OFF', false],
  ['!$A', false],
  ['!!$A', true],
  ['$A == one', true],
  ['"$A" != \'one\'', false],
  ['$SPACE == "a b"', true],
  ['$EMPTY == ""', true],
  ['$A==one&&$NO!=x', true],
  ['$NO || $A && $EMPTY', false],
  ['($NO || $A) && !$EMPTY', true],
  ['${A:-x} == one', true],
  ['1 || 0 && 0', true],
])('evaluate(%j) is %p', (text, expected) => expect(evaluate(text, lookup)).toBe(expected))

test.each([
  ['', 'there is no expression'],
  ['(1', 'a parenthesis is not closed'],
  ['1 2', 'unexpected 2'],
  ['== 1', 'expected a word before =='],
  ['1 & 2', 'cannot read & 2'],
  ['"open', 'cannot read "open'],
  [`${'('.repeat(5000)}1`, 'nested more than 100 times'],
  ['${A', "missing '}'"],
])('evaluate(%j) is refused', (text, reason) => {
  expect(() => evaluate(text, lookup)).toThrow(reason)
})
