import { expect, test } from 'bun:test'
import { plainSteps } from './plain-steps.ts'
import { createTestOutput } from './testing/fixture.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

/** Times differ from run to run. */
const untimed = (text: string): string => text.replaceAll(/ \d+\.\d{3} /g, ' T ')

test('plainSteps() numbers steps and prefixes their output', () => {
  const output = createTestOutput()
  const { emit, finish } = plainSteps(output)
  emit({ type: 'step', id: 'a', name: '[1/2] FROM busybox', state: 'cached' })
  emit({ type: 'step', id: 'b', name: '[2/2] RUN make', state: 'started' })
  emit({ type: 'log', id: 'b', stream: 'stdout', data: bytes('one\ntw') })
  emit({ type: 'log', id: 'b', stream: 'stderr', data: bytes('o\r\nrest') })
  emit({ type: 'step', id: 'b', name: '[2/2] RUN make', state: 'done', duration: 1500 })
  finish()
  expect(untimed(output.text)).toBe(
    [
      '#1 [1/2] FROM busybox',
      '#1 CACHED',
      '',
      '#2 [2/2] RUN make',
      '#2 T one',
      '#2 T two',
      '#2 T rest',
      '#2 DONE 1.5s',
      '',
      '',
    ].join('\n'),
  )
})

test('plainSteps() joins a character that two chunks share', () => {
  const output = createTestOutput()
  const { emit } = plainSteps(output)
  const [first, second] = [bytes('ü\n').slice(0, 1), bytes('ü\n').slice(1)]
  emit({ type: 'step', id: 'a', name: 'RUN', state: 'started' })
  emit({ type: 'log', id: 'a', stream: 'stdout', data: first })
  emit({ type: 'log', id: 'a', stream: 'stdout', data: second })
  expect(untimed(output.text)).toBe('#1 RUN\n#1 T ü\n')
})

test('plainSteps() prints failures, cancellations and warnings', () => {
  const output = createTestOutput()
  const { emit } = plainSteps(output)
  emit({ type: 'step', id: 'a', name: 'RUN false', state: 'failed', error: 'exit 1' })
  emit({ type: 'step', id: 'b', name: 'RUN sleep', state: 'canceled' })
  emit({ type: 'warning', message: 'old\u001b[2J' })
  expect(output.text).toBe(
    '#1 RUN false\n#1 ERROR: exit 1\n\n#2 RUN sleep\n#2 CANCELED\n\nWARN: old\\u001b[2J\n',
  )
})

test('plainSteps() removes escape sequences of a program', () => {
  const output = createTestOutput()
  const { emit } = plainSteps(output)
  emit({ type: 'step', id: 'a', name: 'RUN', state: 'started' })
  emit({ type: 'log', id: 'a', stream: 'stdout', data: bytes('\u001b[31mred\u001b[0m\u0007\n') })
  expect(untimed(output.text)).toBe('#1 RUN\n#1 T red\\u0007\n')
})

test('plainSteps() ends with the last output of a failed step and the warnings', () => {
  const output = createTestOutput()
  const { emit, finish } = plainSteps(output)
  const place = { file: 'Dockerfile', line: 2, text: 'ENV A $B' }
  emit({ type: 'warning', rule: 'UndefinedVar', message: 'no $B', place })
  emit({ type: 'step', id: 'a', name: 'RUN make', state: 'started' })
  const lines = Array.from({ length: 12 }, (_, index) => `${index}\n`)
  emit({ type: 'log', id: 'a', stream: 'stdout', data: bytes(lines.join('')) })
  emit({ type: 'step', id: 'a', name: 'RUN make', state: 'failed', error: 'exit 1' })
  finish()
  const end = output.text.slice(output.text.indexOf('------'))
  expect(untimed(end.replaceAll(/^(?=\d+\.)/gm, ' '))).toBe(
    [
      '------',
      ' > RUN make:',
      ...lines.slice(2).map((line) => ` T ${line.trim()}`),
      '------',
      '',
      ' 1 warning found:',
      ' - UndefinedVar: no $B (line 2)',
      '      2 | ENV A $B',
      '',
    ].join('\n'),
  )
  expect(output.text).toStartWith('WARN: UndefinedVar: no $B (line 2)\n#1 RUN make\n')
})

test('plainSteps() prints a line that never ends in parts', () => {
  const output = createTestOutput()
  const { emit } = plainSteps(output)
  emit({ type: 'step', id: 'a', name: 'RUN', state: 'started' })
  for (let part = 0; part < 70; part++) {
    emit({ type: 'log', id: 'a', stream: 'stdout', data: bytes('.'.repeat(1000)) })
  }
  expect(untimed(output.text)).toBe(`#1 RUN\n#1 T ${'.'.repeat(66_000)}\n`)
})
