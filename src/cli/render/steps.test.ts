import { expect, test } from 'bun:test'
import { jsonSteps } from './steps.ts'
import { createTestOutput } from './testing/fixture.ts'

test('jsonSteps() prints one event on each line, with logs as text', () => {
  const output = createTestOutput()
  const { emit } = jsonSteps(output)
  emit({ type: 'step', id: 'a', name: 'RUN', state: 'started' })
  emit({ type: 'log', id: 'a', stream: 'stdout', data: new TextEncoder().encode('hi\n') })
  expect(
    output.text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line)),
  ).toEqual([
    { type: 'step', id: 'a', name: 'RUN', state: 'started' },
    { type: 'log', id: 'a', stream: 'stdout', data: 'hi\n' },
  ])
})
