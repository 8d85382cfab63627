import { expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { listenDatagrams } from '../../platform/testing/datagrams.ts'
import type { ContainerSettings } from '../model/settings.ts'
import { encodeEntry, journalFields, openJournal } from './journal.ts'
import { writeRecords } from './log-writer.ts'
import { recordOf } from './read-journal.ts'

const id = '0123456789abcdef'.repeat(4)
const digest = `sha256:${'ab'.repeat(32)}` as const

function described(log: Partial<ContainerSettings['log']> = {}) {
  const image = { reference: 'busybox:1', id: digest, chainId: null }
  const settings = {
    image,
    log: { driver: 'journald', maxSize: 1000, maxFile: 1, ...log },
  } as const
  return { id, name: 'web', settings }
}

test('encodeEntry() gives the length of a value that has a line feed', () => {
  const bytes = encodeEntry({ MESSAGE: 'a=b', OTHER: 'two\nlines é' })
  const long = 'two\nlines é'
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(12n)
  expect(Buffer.byteLength(long)).toBe(12)
  const wanted = ['MESSAGE=a=b\nOTHER\n', length, long, '\n'].map((part) => Buffer.from(part))
  expect(Buffer.from(bytes)).toEqual(Buffer.concat(wanted))
})

test('journalFields() are those of Docker, and labels cannot replace them', () => {
  const attributes = { 'com.example/tier-1': 'db', __CONTAINER_NAME: 'x', '###': 'y' }
  expect(journalFields(described(), attributes)).toEqual({
    COM_EXAMPLE_TIER_1: 'db',
    CONTAINER_ID: id.slice(0, 12),
    CONTAINER_ID_FULL: id,
    CONTAINER_NAME: 'web',
    CONTAINER_TAG: id.slice(0, 12),
    IMAGE_NAME: 'busybox:1',
    SYSLOG_IDENTIFIER: id.slice(0, 12),
  })
  const tag = '{{.ImageName}}/{{ .Name }}/{{.ID}}/{{.ImageID}}'
  expect(journalFields(described({ tag }))['CONTAINER_TAG']).toBe(
    `busybox:1/web/${id.slice(0, 12)}/${'ab'.repeat(6)}`,
  )
})

test('a log in the journal has one entry for each line, with its priority, and marks pieces', async () => {
  const directory = mkdtempSync(`${tmpdir()}/strake-journal-`)
  const receiver = listenDatagrams(`${directory}/socket`)
  try {
    const journal = openJournal(journalFields(described()), { path: `${directory}/socket` })
    const log = writeRecords(journal, { maxSize: 1000 })
    log.write('stdout', Buffer.from('one\ntwo\n'))
    log.write('stderr', Buffer.from('bad\n'))
    log.write('stdout', Buffer.from(`${'x'.repeat(20_000)}\nprompt> `))
    await log.flush()
    const entries = receiver.receive().map((bytes) => bytes.toString().split('\n').slice(0, 3))
    expect(entries.map(([message]) => message?.slice(0, 12))).toEqual([
      ...['MESSAGE=one', 'MESSAGE=two', 'MESSAGE=bad'],
      ...['MESSAGE=xxxx', 'MESSAGE=xxxx', 'MESSAGE=prom'],
    ])
    expect(entries.map(([, priority]) => priority)).toEqual(
      ['6', '6', '3', '6', '6', '6'].map((level) => `PRIORITY=${level}`),
    )
    const partial = entries.map(([, , third]) => third === 'CONTAINER_PARTIAL_MESSAGE=true')
    expect(partial).toEqual([false, false, false, true, false, true])
    log.close()
  } finally {
    receiver.close()
    rmSync(directory, { recursive: true })
  }
})

test('recordOf() reads what journalctl prints, and skips what is no entry', () => {
  const time = { __REALTIME_TIMESTAMP: '1700000000123456' }
  const entry = (fields: object): unknown => {
    const record = recordOf(
      JSON.stringify({ ...time, _PID: '1', CONTAINER_ID_FULL: id, ...fields }),
    )
    return record === undefined ? undefined : JSON.parse(record)
  }
  const at = '2023-11-14T22:13:20.123456Z'
  expect(entry({ MESSAGE: 'hi', PRIORITY: '6' })).toEqual({
    log: 'hi\n',
    stream: 'stdout',
    time: at,
  })
  expect(entry({ MESSAGE: [104, 27, 105], PRIORITY: '3', TIER: 'db' })).toEqual({
    ...{ log: 'h\u001bi\n', stream: 'stderr', time: at },
    attrs: { TIER: 'db' },
  })
  expect(entry({ MESSAGE: 'half', CONTAINER_PARTIAL_MESSAGE: 'true' })).toMatchObject({
    log: 'half',
  })
  expect(entry({ MESSAGE: null })).toBeUndefined()
  expect(recordOf('no json')).toBeUndefined()
  expect(recordOf('{"MESSAGE":"no time"}')).toBeUndefined()
})
