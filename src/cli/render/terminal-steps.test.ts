import { expect, test } from 'bun:test'
import { readStepStyle } from './build/style.ts'
import { terminalSteps } from './terminal-steps.ts'
import { createTestOutput, type TestOutputOptions } from './testing/fixture.ts'
import { displayWidth } from './text.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

/** Waits for a redraw. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await Bun.sleep(5)
}

function open(options: TestOutputOptions = {}): {
  readonly output: ReturnType<typeof createTestOutput>
  readonly renderer: ReturnType<typeof terminalSteps>
} {
  const output = createTestOutput({ isTerminal: true, columns: 40, rows: 8, ...options })
  return { output, renderer: terminalSteps(output) }
}

test('terminalSteps() leaves one line for every step', () => {
  const { output, renderer } = open()
  renderer.emit({ type: 'step', id: 'a', name: '[1/2] FROM busybox', state: 'cached' })
  renderer.emit({ type: 'step', id: 'b', name: '[2/2] RUN x', state: 'done', duration: 2000 })
  renderer.finish()
  const [title, ...lines] = output.screen()
  expect(title).toMatch(/^\[\+\] Building \d+\.\d+s \(2\/2\) FINISHED$/)
  expect(lines).toEqual([
    ' => CACHED [1/2] FROM busybox       0.0s',
    ' => [2/2] RUN x                     2.0s',
  ])
})

test('terminalSteps() leaves no lines when a build started no step', async () => {
  const { output, renderer } = open()
  await Bun.sleep(150)
  renderer.finish()
  expect(output.screen().filter((line) => line !== '')).toEqual([])
})

test('terminalSteps() prints all steps at the end, even more than the screen has lines', async () => {
  const { output, renderer } = open()
  const count = 30
  for (let index = 0; index < count; index++) {
    const step = { type: 'step', id: String(index), name: `step ${index}` } as const
    renderer.emit({ ...step, state: 'started' })
    renderer.emit({ type: 'log', id: step.id, stream: 'stdout', data: bytes('line\n'.repeat(9)) })
    if (index % 10 === 0) await Bun.sleep(120)
    renderer.emit({ ...step, state: 'done', duration: 1 })
  }
  renderer.finish()
  const screen = output.screen()
  expect(screen).toHaveLength(count + 1)
  expect(screen.filter((line) => line.startsWith('[+]'))).toHaveLength(1)
})

test('terminalSteps() shows the last output of a running step', async () => {
  const { output, renderer } = open()
  renderer.emit({ type: 'step', id: 'a', name: 'RUN x', state: 'started' })
  renderer.emit({ type: 'log', id: 'a', stream: 'stdout', data: bytes('1%\r2%\n\u001b[31mred') })
  await Bun.sleep(150)
  expect(output.screen().slice(-2)).toEqual([' => => # 2%', ' => => # red'])
  renderer.finish()
})

test('terminalSteps() ends with the output of a failed step', () => {
  const { output, renderer } = open()
  renderer.emit({ type: 'step', id: 'a', name: 'RUN x', state: 'started' })
  renderer.emit({ type: 'log', id: 'a', stream: 'stderr', data: bytes('no such file\n') })
  renderer.emit({ type: 'step', id: 'a', name: 'RUN x', state: 'failed', duration: 10 })
  renderer.finish()
  expect(output.screen().slice(-4)).toEqual(['------', ' > RUN x:', 'no such file', '------'])
})

test('terminalSteps() shows the progress of transfers', async () => {
  const { output, renderer } = open({ columns: 60 })
  renderer.emit({ type: 'step', id: 'a', name: 'FROM x', state: 'started' })
  const blob = { type: 'transfer', id: 'sha256:1', action: 'download' } as const
  renderer.emit({ ...blob, current: 1_000_000, total: 4_000_000 })
  await Bun.sleep(150)
  expect(output.screen().at(-1)).toBe(' => => transferring 1 blob 1MB / 4MB')
  renderer.emit({ ...blob, current: 4_000_000, total: 4_000_000, done: true })
  renderer.finish()
  expect(output.screen().join('\n')).not.toContain('transferring')
})

test('terminalSteps() uses colours only on an output with colours', () => {
  for (const color of [true, false]) {
    const { output, renderer } = open({ color })
    renderer.emit({ type: 'step', id: 'a', name: 'RUN x', state: 'failed' })
    renderer.finish()
    expect(output.text.includes('\u001b[31m')).toBe(color)
  }
})

test('terminalSteps() never draws a line wider than the terminal', () => {
  const { output, renderer } = open({ columns: 20 })
  renderer.emit({ type: 'step', id: 'a', name: 'x'.repeat(100), state: 'done', duration: 1 })
  renderer.finish()
  for (const line of output.screen()) expect(line.length).toBeLessThanOrEqual(20)
})

test('terminalSteps() lists the warnings at the end, with their lines', () => {
  const { output, renderer } = open({ columns: 60 })
  renderer.emit({ type: 'step', id: 'a', name: 'RUN x', state: 'done', duration: 1 })
  const place = { file: 'Dockerfile', line: 8, text: 'ENV A=$B' }
  renderer.emit({ type: 'warning', rule: 'UndefinedVar', message: 'no $B', place })
  renderer.emit({ type: 'warning', message: 'an argument was not used\u001b[2J' })
  renderer.finish()
  expect(output.screen().slice(2)).toEqual([
    '',
    ' 2 warnings found:',
    ' - UndefinedVar: no $B (line 8)',
    '      8 | ENV A=$B',
    ' - an argument was not used\\u001b[2J',
  ])
})

test('terminalSteps() uses the colours and the number of lines of the user', async () => {
  const style = { ...readStepStyle({ BUILDKIT_COLORS: 'run=green', BUILDKIT_TTY_LOG_LINES: '2' }) }
  const output = createTestOutput({ isTerminal: true, columns: 40, rows: 20, color: true })
  const renderer = terminalSteps(output, style)
  renderer.emit({ type: 'step', id: 'a', name: 'RUN x', state: 'started' })
  renderer.emit({ type: 'log', id: 'a', stream: 'stdout', data: bytes('1\n2\n3\n4\n') })
  await until(() => output.screen().length > 1)
  expect(output.screen().filter((line) => line.includes('#')).length).toBe(2)
  renderer.emit({ type: 'step', id: 'a', name: 'RUN x', state: 'done', duration: 1 })
  renderer.finish()
  expect(output.text).toContain('\u001b[32m => RUN x')
})

test('terminalSteps() keeps the end of a line that never ends', async () => {
  const { output, renderer } = open({ columns: 40 })
  renderer.emit({ type: 'step', id: 'a', name: 'RUN x', state: 'started' })
  for (let part = 0; part < 50; part++) {
    renderer.emit({ type: 'log', id: 'a', stream: 'stdout', data: bytes('.'.repeat(1000)) })
  }
  renderer.emit({ type: 'step', id: 'a', name: 'RUN x', state: 'failed', duration: 1 })
  renderer.finish()
  const longest = Math.max(...output.screen().map((line) => line.length))
  expect(longest).toBe(4096)
})

test('terminalSteps() counts wide characters as two cells and hides cursor moves', async () => {
  const { output, renderer } = open({ columns: 40 })
  renderer.emit({ type: 'step', id: 'a', name: '漢'.repeat(40), state: 'started' })
  const hostile = '\u001b[5A\u001b[2Jx\u001b]0;title\u0007\u009b1Ay\u0008\u0008z\n'
  renderer.emit({ type: 'log', id: 'a', stream: 'stdout', data: bytes(hostile) })
  await until(() => output.screen().length > 2)
  const [, step = '', log] = output.screen()
  expect(displayWidth(step)).toBe(40)
  expect(log).toBe(' => => # x\\u009b1Ay\\u0008\\u0008z')
  renderer.finish()
})
