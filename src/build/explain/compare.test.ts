import { expect, test } from 'bun:test'
import { compareInputs } from './compare.ts'
import type { StepInputs } from './inputs.ts'

const inputs: StepInputs = {
  builder: '1',
  text: 'COPY . /',
  operation: { kind: 'copy', destination: '/' },
  args: [],
  times: 'derived',
  states: [{ name: 'FROM scratch', state: 'scratch' }],
  files: { a: '1' },
}

test('compareInputs() says that a result was lost only when all inputs are known to be equal', () => {
  expect(compareInputs(inputs, inputs)).toEqual([{ kind: 'lost', subject: 'COPY . /' }])
  const { files: _, ...withoutFiles } = inputs
  expect(compareInputs(withoutFiles, inputs)).toEqual([
    { kind: 'file', subject: 'a file that it uses' },
  ])
  expect(compareInputs({ ...withoutFiles, operation: {} }, inputs)).toEqual([
    { kind: 'instruction', subject: 'the instruction or its files' },
  ])
})

test('compareInputs() names the other builder', () => {
  expect(compareInputs(inputs, { ...inputs, builder: '2' })).toEqual([
    { kind: 'builder', subject: 'the builder', before: '1', after: '2' },
  ])
})
