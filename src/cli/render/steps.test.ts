import { expect, test } from 'bun:test'
import { jsonSteps } from './steps.ts'
import { createTestOutput } from './testing/fixture.ts'

test('jsonSteps() prints one document of BuildKit on each line', () => {
  const output = createTestOutput()
  const { emit } = jsonSteps(output)
  emit({ type: 'step', id: 'a', name: 'RUN', state: 'started' })
  emit({ type: 'log', id: 'a', stream: 'stdout', data: new TextEncoder().encode('hi\n') })
  expect(
    output.text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line)),
  ).toMatchObject([
    { vertexes: [{ digest: 'a', name: 'RUN' }] },
    { logs: [{ vertex: 'a', stream: 1, data: 'aGkK' }] },
  ])
})
