import { expect, test } from 'bun:test'
import { liveArea } from './live.ts'
import { createTestOutput } from './testing/fixture.ts'

test('liveArea() replaces the drawn lines', () => {
  const output = createTestOutput({ rows: 10 })
  const area = liveArea(output)
  area.draw(['one', 'two'])
  area.draw(['three'])
  area.settle(['four', 'five'])
  expect(output.screen()).toEqual(['four', 'five'])
})

test('liveArea() never draws more than the screen, so nothing is left above it', () => {
  const output = createTestOutput({ rows: 5 })
  const area = liveArea(output)
  const many = Array.from({ length: 12 }, (_, index) => `line ${index}`)
  output.write('before\n')
  area.draw(many)
  area.draw(many)
  area.settle(many)
  expect(output.screen()).toEqual(['before', ...many])
})

test('liveArea() settles: later lines come below', () => {
  const output = createTestOutput({ rows: 5 })
  const area = liveArea(output)
  area.draw(['a'])
  area.settle(['b'])
  area.draw(['c'])
  expect(output.screen()).toEqual(['b', 'c'])
})

test('liveArea() counts the rows of wrapped lines in a narrower window', () => {
  let columns = 80
  const output = { ...createTestOutput(), columns: () => columns, written: '' }
  output.write = (text) => {
    output.written += text
  }
  const area = liveArea(output)
  area.draw(['x'.repeat(60), 'short'])
  columns = 40
  area.draw(['again'])
  expect(output.written).toContain('\u001b[3F')
})
