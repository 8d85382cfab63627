import { expect, test } from 'bun:test'
import { StatusLog } from './status-log.ts'

const vertex = (name: string) => ({ vertexes: [{ digest: name, name }] })

async function namesOf(log: StatusLog, signal = new AbortController().signal): Promise<string[]> {
  const names: string[] = []
  for await (const { vertexes = [] } of log.read(signal)) {
    names.push(...vertexes.map(({ name = '' }) => name))
  }
  return names
}

test('read() yields what was before and what comes later, to every reader, and ends', async () => {
  const log = new StatusLog()
  log.add(vertex('a'))
  const first = namesOf(log)
  await Bun.sleep(60)
  log.add(vertex('b'))
  const second = namesOf(log)
  log.end()
  log.add(vertex('after the end'))
  expect(await first).toEqual(['a', 'b'])
  expect(await second).toEqual(['a', 'b'])
  expect(await namesOf(log)).toEqual(['a', 'b'])
})

test('read() ends at once when its signal aborts', async () => {
  const abort = new AbortController()
  const names = namesOf(new StatusLog(), abort.signal)
  abort.abort()
  expect(await names).toEqual([])
})

test('add() keeps a bounded amount of output', async () => {
  const log = new StatusLog()
  const msg = new Uint8Array(1024 * 1024)
  for (let count = 0; count < 40; count++) log.add({ logs: [{ vertex: 'a', msg }] })
  log.add(vertex('a'))
  log.end()
  let bytes = 0
  for await (const { logs = [] } of log.read(new AbortController().signal)) {
    for (const each of logs) bytes += each.msg?.length ?? 0
  }
  expect(bytes).toBe(16 * 1024 * 1024)
  expect(await namesOf(log)).toEqual(['a'])
})
