import { expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { listenDatagrams } from '../testing/datagrams.ts'
import { openDatagramSender } from './unix-datagram.ts'

test('openDatagramSender() sends whole datagrams, and finds a receiver that was replaced', () => {
  const directory = mkdtempSync(`${tmpdir()}/strake-datagram-`)
  const path = `${directory}/socket`
  try {
    const sender = openDatagramSender(path, { patience: 10 })
    expect(() => sender.send(Buffer.from('early'))).toThrow(/no such file/i)
    const first = listenDatagrams(path)
    for (const text of ['one', '', 'two\nlines']) sender.send(Buffer.from(text))
    expect(first.receive().map(String)).toEqual(['one', '', 'two\nlines'])
    first.close()
    const next = listenDatagrams(path)
    sender.send(Buffer.from('three'))
    expect(next.receive().map(String)).toEqual(['three'])
    sender.close()
    next.close()
  } finally {
    rmSync(directory, { recursive: true })
  }
})

test('openDatagramSender() waits no longer than its patience for a receiver that does not read', () => {
  const directory = mkdtempSync(`${tmpdir()}/strake-datagram-`)
  const path = `${directory}/socket`
  const receiver = listenDatagrams(path)
  try {
    const sender = openDatagramSender(path, { patience: 10 })
    let sent = 0
    const fill = (): void => {
      for (; sent < 100_000; sent++) sender.send(Buffer.from(`${sent}`))
    }
    expect(fill).toThrow(/try again|temporarily/i)
    expect(receiver.receive().map(String)).toEqual(Array.from({ length: sent }, (_, at) => `${at}`))
    sender.send(Buffer.from('later'))
    expect(receiver.receive().map(String)).toEqual(['later'])
    sender.close()
  } finally {
    receiver.close()
    rmSync(directory, { recursive: true })
  }
})
