import { expect, test } from 'bun:test'
import { displayWidth, fit, printable, printableLine } from './text.ts'

test('printable() shows control characters as escapes', () => {
  expect(printable('a\u001b[2Jb\nc\td\u202ee')).toBe('a\\u001b[2Jb\\nc\\td\\u202ee')
})

test('printable() leaves every other character alone', () => {
  expect(printable('grüße 日本 😀')).toBe('grüße 日本 😀')
})

test('printableLine() drops colours, titles and cursor moves of a program', () => {
  const line = '\u001b[31mred\u001b[0m \u001b]0;title\u0007\u001b[1A\u001b[Kend'
  expect(printableLine(line)).toBe('red end')
})

test('printableLine() keeps the last state of a line that was overwritten', () => {
  expect(printableLine('10%\r50%\r100%\r')).toBe('100%')
  expect(printableLine('a\tb')).toBe('a    b')
})

test('displayWidth() counts cells, not characters', () => {
  expect(displayWidth('abc')).toBe(3)
  expect(displayWidth('日本')).toBe(4)
  expect(displayWidth('e\u0301')).toBe(1)
  expect(displayWidth('😀')).toBe(2)
})

test('fit() cuts a text to cells and marks the cut', () => {
  expect(fit('abcdef', 6)).toBe('abcdef')
  expect(fit('abcdefg', 6)).toBe('abc...')
  expect(fit('日本語日本語', 7)).toBe('日本...')
  expect(fit('abcdef', 2)).toBe('..')
})
