import { expect, test } from 'bun:test'
import type { LogLimits } from '../model/run-settings.ts'
import { limitLog } from './log-limit.ts'

function record(limits: Partial<LogLimits>) {
  const chunks: Uint8Array[] = []
  const clock = { now: 0 }
  const log = limitLog(
    { size: -1, speed: -1, ...limits },
    (data) => chunks.push(Uint8Array.from(data)),
    () => clock.now,
  )
  return {
    clock,
    fail: () => log.fail(),
    write: (text: string) => log.write(Buffer.from(text)),
    text: () => Buffer.concat(chunks).toString(),
  }
}

test('limitLog() clips at the size, and says so once', () => {
  const { write, text } = record({ size: 2048 })
  write('a'.repeat(2000))
  write('b'.repeat(100))
  write('c'.repeat(100))
  expect(text()).toBe(
    `${'a'.repeat(2000)}${'b'.repeat(48)}\n[output clipped, log limit 2KiB reached]\n`,
  )
})

test('limitLog() lets output continue when the limit of the speed has grown', () => {
  const { write, text, clock } = record({ speed: 10 })
  write('a'.repeat(12))
  clock.now = 1500
  write('bbb')
  clock.now = 1900
  write('c'.repeat(9))
  expect(text()).toBe(
    `${'a'.repeat(10)}\n[output clipped, log limit 10B/s reached]\nbbbccccc\n[output clipped, log limit 10B/s reached]\n`,
  )
})

test('limitLog() shows the end of the clipped output when the step fails', () => {
  const { write, text, fail } = record({ size: 4 })
  write('1234')
  write('5678')
  for (let part = 0; part < 300; part++) write('x'.repeat(1024))
  write('the reason')
  fail()
  const shown = text().slice(text().indexOf('reached]\n') + 'reached]\n'.length)
  expect(shown).toHaveLength(256 * 1024)
  expect(shown).toEndWith('xthe reason')
  fail()
  expect(text()).toEndWith('xthe reason')
})

test('limitLog() clips nothing without limits', () => {
  const { write, text } = record({})
  write('a'.repeat(5_000_000))
  expect(text()).toHaveLength(5_000_000)
})
