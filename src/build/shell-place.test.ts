import { expect, test } from 'bun:test'
import { parse } from '#dockerfile'
import { withShell } from './shell-place.ts'

const text = `FROM alpine AS base
ENV A=1
RUN --mount=type=cache,target=/c --network=none make
FROM base
COPY a b
`
const source = { name: 'Dockerfile', text }
const edited = (place: Parameters<typeof withShell>[1]) => {
  const { stages } = withShell(parse(text), place, source)
  return { count: stages.length, instructions: stages.at(-1)?.instructions ?? [] }
}

test('withShell() ends a stage with a shell that has the mounts of the RUN before it', () => {
  const { count, instructions } = edited({ stage: 'base' })
  expect(count).toBe(1)
  expect(instructions.map(({ kind }) => kind)).toEqual(['ENV', 'RUN', 'RUN'])
  expect(instructions.at(-1)).toMatchObject({
    mounts: [{ type: 'cache', options: { target: '/c' } }],
    network: 'none',
    command: { form: 'shell', text: '' },
  })
})

test('withShell() drops the instructions after the line, and finds the stage of a line', () => {
  const kinds = (place: Parameters<typeof withShell>[1]) =>
    edited(place).instructions.map(({ kind }) => kind)
  expect(kinds({ stage: 'base', line: 1 })).toEqual(['RUN'])
  expect(kinds({ stage: 'base', line: 2 })).toEqual(['ENV', 'RUN'])
  expect(kinds({ line: 5 })).toEqual(['COPY', 'RUN'])
  expect(edited({ line: 5 }).instructions.at(-1)).toMatchObject({ mounts: [] })
})

test('withShell() names the lines of the stage when the line is outside', () => {
  expect(() => edited({ stage: 'base', line: 4 })).toThrow(
    'Cannot open a shell at base:4 of Dockerfile: the stage has the lines 1 to 3',
  )
  expect(() => edited({ line: 6 })).toThrow('the stage has the lines 4 to 5')
  expect(() => edited({ line: 0 })).toThrow('the line is before the first FROM')
})
