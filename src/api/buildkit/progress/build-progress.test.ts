import { expect, test } from 'bun:test'
import { sha256 } from '#oci'
import type { StatusResponse } from '../messages/status.ts'
import { BuildProgress } from './build-progress.ts'

const id = sha256('step')

function start(): {
  readonly progress: BuildProgress
  readonly sent: StatusResponse[]
  wait(ms: number): void
} {
  const sent: StatusResponse[] = []
  let now = 1_700_000_000_250
  const progress = new BuildProgress({
    build: 'build',
    definition: 'definition',
    add: (message) => sent.push(message),
    now: () => now,
  })
  return { progress, sent, wait: (ms) => (now += ms) }
}

const began = { seconds: 1_700_000_000, nanos: 250_000_000 }

test('BuildProgress shows a step with one beginning and its end', () => {
  const { progress, sent, wait } = start()
  progress.emit({ type: 'step', id, name: '[1/2] RUN a', state: 'started' })
  wait(1000)
  progress.emit({ type: 'log', id, stream: 'stderr', data: Buffer.from('text') })
  progress.emit({ type: 'step', id, name: '[1/2] RUN a', state: 'failed', error: 'bad' })
  const completed = { seconds: 1_700_000_001, nanos: 250_000_000 }
  const vertex = { digest: id, name: '[1/2] RUN a', started: began }
  expect(sent).toEqual([
    { vertexes: [vertex] },
    {
      logs: [
        { vertex: id, stream: 2, msg: new Uint8Array(Buffer.from('text')), timestamp: completed },
      ],
    },
    { vertexes: [{ ...vertex, completed, error: 'bad' }] },
  ])
})

test('BuildProgress keeps the bytes of output that is overwritten later', () => {
  const { progress, sent } = start()
  const data = Buffer.from('one')
  progress.emit({ type: 'log', id, stream: 'stdout', data })
  data.write('two')
  expect(Buffer.from(sent[0]?.logs?.[0]?.msg ?? []).toString()).toBe('one')
})

test('BuildProgress shows cached steps, and ends running steps when the build is cancelled', () => {
  const { progress, sent } = start()
  progress.emit({ type: 'step', id, name: 'a', state: 'cached' })
  expect(sent[0]?.vertexes?.[0]).toMatchObject({ cached: true, completed: began })
  progress.emit({ type: 'step', id: 'b', name: 'b', state: 'started' })
  progress.cancel()
  expect(sent[2]?.vertexes).toMatchObject([
    { digest: sha256('build b'), error: 'context canceled' },
  ])
  progress.cancel()
  expect(sent).toHaveLength(3)
})

test('BuildProgress shows transfers in the running step, not too often', () => {
  const { progress, sent, wait } = start()
  const transfer = { type: 'transfer', id: 'sha256:1', action: 'download', total: 9 } as const
  progress.emit({ ...transfer, current: 1 })
  expect(sent).toEqual([])
  progress.emit({ type: 'step', id, name: 'a', state: 'started' })
  for (const current of [1, 2, 3]) progress.emit({ ...transfer, current })
  wait(200)
  progress.emit({ ...transfer, current: 4 })
  progress.emit({ ...transfer, current: 9, done: true })
  const shown = sent.flatMap(({ statuses = [] }) => statuses)
  expect(shown.map(({ ID, vertex, current }) => [ID, vertex, current])).toEqual([
    ['sha256:1', id, 1],
    ['sha256:1', id, 4],
    ['sha256:1', id, 9],
  ])
  expect(shown.map(({ completed }) => completed !== undefined)).toEqual([false, false, true])
})

test('BuildProgress puts warnings on the step of the Dockerfile, with their lines', () => {
  const { progress, sent } = start()
  const place = { file: 'Dockerfile', line: 3, text: 'FROM a' }
  progress.emit({ type: 'warning', rule: 'StageNameCasing', message: 'wrong', place })
  const [warning] = sent[0]?.warnings ?? []
  expect(warning).toMatchObject({
    vertex: sha256('build definition'),
    level: 1,
    url: 'https://docs.docker.com/go/dockerfile/rule/stage-name-casing/',
    ranges: [{ start: { line: 3 }, end: { line: 3 } }],
  })
  const text = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString()
  expect(text(warning?.short)).toBe('StageNameCasing: wrong (line 3)')
  expect(text(warning?.info?.data).split('\n')[2]).toBe('FROM a')
})

test('step() ends a step that fails', async () => {
  const { progress, sent } = start()
  const work = progress.step('name', async () => {
    throw new Error('first line\nsecond')
  })
  await expect(work).rejects.toThrow('first line')
  expect(sent[1]?.vertexes).toMatchObject([{ name: 'name', error: 'first line' }])
})

test('emitNew() shows what an earlier run did not show', () => {
  const { progress, sent } = start()
  progress.emit({ type: 'step', id, name: 'a', state: 'done' })
  const emit = progress.emitNew()
  const count = sent.length
  emit({ type: 'step', id, name: 'a', state: 'cached' })
  emit({ type: 'warning', message: 'again' })
  expect(sent).toHaveLength(count)
  emit({ type: 'step', id: 'exporting', name: 'exporting', state: 'started' })
  emit({ type: 'step', id: 'exporting', name: 'exporting', state: 'done' })
  expect(sent).toHaveLength(count + 2)
})
