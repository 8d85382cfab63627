import { expect, test } from 'bun:test'
import type { ProgressEvent } from '#stream'
import { BuildLog, readLog } from './build-log.ts'

const id = `sha256:${'a'.repeat(64)}`
const step = (state: 'started' | 'cached' | 'done', own = id): ProgressEvent => ({
  type: 'step',
  id: own,
  name: 'RUN x',
  state,
})
const log = (text: string): ProgressEvent => ({
  type: 'log',
  id,
  stream: 'stdout',
  data: Buffer.from(text),
})

function outputOf(recorded: BuildLog): string {
  const chunks = [...readLog(recorded.text)].flatMap(({ event }) =>
    event.type === 'log' ? [Buffer.from(event.data).toString()] : [],
  )
  return chunks.join('')
}

test('BuildLog keeps steps, output and warnings, and reads them again', () => {
  const recorded = new BuildLog()
  const warning = { type: 'warning', message: 'careful', rule: 'Rule' } as const
  const events = [step('started'), log('one\ntw'), log('o\n'), step('done'), warning]
  for (const event of events) recorded.add(event)
  expect([...readLog(recorded.text)].map(({ event }) => event.type)).toEqual([
    'step',
    'log',
    'log',
    'step',
    'warning',
  ])
  expect(outputOf(recorded)).toBe('one\ntwo\n')
  expect(recorded.warnings).toEqual([warning])
})

test('BuildLog counts the steps of the Dockerfile', () => {
  const recorded = new BuildLog()
  recorded.add(step('cached'))
  recorded.add(step('started', 'sha256:2'))
  recorded.add(step('done', 'sha256:2'))
  recorded.add(step('started', 'sha256:3'))
  recorded.add(step('done', '[internal] load build context'))
  expect(recorded.counts).toEqual({ total: 3, completed: 2, cached: 1 })
})

test('BuildLog replaces secrets, also when two chunks divide them', () => {
  const recorded = new BuildLog()
  recorded.hide([Buffer.from('hunter22\n'), Buffer.from('abc'), Buffer.from('first\nsecond')])
  for (const text of ['a hunt', 'er22 b\nabc', 'second', 'x']) recorded.add(log(text))
  expect(outputOf(recorded)).toBe('a *** b\nabc***x')
})

test('BuildLog keeps characters that two chunks divide', () => {
  const recorded = new BuildLog()
  const [bytes] = [Buffer.from('ü\n')]
  for (const data of [bytes.subarray(0, 1), bytes.subarray(1)]) {
    recorded.add({ type: 'log', id, stream: 'stdout', data })
  }
  expect(outputOf(recorded)).toBe('ü\n')
})

test('BuildLog stops after 4 MiB and says so', () => {
  const recorded = new BuildLog()
  for (let count = 0; count < 100; count++) recorded.add(log(`${'x'.repeat(99_999)}\n`))
  expect(recorded.text.length).toBeLessThan(5 * 2 ** 20)
  const last = [...readLog(recorded.text)].at(-1)?.event
  expect(last).toEqual({ type: 'warning', message: 'the rest of the output was not recorded' })
})

test('readLog() leaves damaged lines out', () => {
  const lines = ['{', '[]', '{"event":null}', '{"event":{"type":"step","state":"x"}}', 'null', '']
  const whole = '{"at":1,"event":{"type":"warning","message":"m"}}'
  expect([...readLog([...lines, whole].join('\n'))]).toEqual([
    { at: 1, event: { type: 'warning', message: 'm' } },
  ])
})
