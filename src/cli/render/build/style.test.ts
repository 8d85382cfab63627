import { expect, test } from 'bun:test'
import { readStepStyle } from './style.ts'

const usual = { run: '34', cancel: '33', error: '31', warning: '33', logLines: 6 }

test('readStepStyle() reads names and numbers of colours', () => {
  expect(readStepStyle({})).toEqual(usual)
  const BUILDKIT_COLORS = 'run=light-green:ERROR=Magenta:cancel=255,0,128:warning=default'
  expect(readStepStyle({ BUILDKIT_COLORS })).toEqual({
    ...usual,
    run: '92',
    error: '35',
    cancel: '38;5;198',
    warning: '39',
  })
})

test('readStepStyle() ignores what it does not know', () => {
  for (const text of ['run', 'run=pink', 'run=1,2', 'run=1,2,256', 'run=a=b', 'run=31m', ':=:']) {
    expect(readStepStyle({ BUILDKIT_COLORS: text })).toEqual(usual)
  }
})

test('readStepStyle() reads the number of log lines', () => {
  expect(readStepStyle({ BUILDKIT_TTY_LOG_LINES: '12' }).logLines).toBe(12)
  expect(readStepStyle({ BUILDKIT_TTY_LOG_LINES: '999999999999' }).logLines).toBe(1000)
  for (const text of ['0', '-1', 'many', '']) {
    expect(readStepStyle({ BUILDKIT_TTY_LOG_LINES: text }).logLines).toBe(6)
  }
})
