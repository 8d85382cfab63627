import { afterEach, beforeEach, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { type AttachmentRecord, openAttachmentRecords } from '../bridge/state.ts'
import { answerLocally } from './answer.ts'
import { parseQuery } from './message.ts'
import { NameDirectory } from './names.ts'
import { makeQuery } from './testing/query.ts'

let directory: string
beforeEach(() => {
  directory = mkdtempSync(`${tmpdir()}/strake-names-`)
})
afterEach(() => rmSync(directory, { recursive: true }))

const back = 'b'.repeat(64)
const front = 'f'.repeat(64)

function put(
  network: string,
  container: { readonly id: string; readonly name: string; readonly ip: string },
  more: Partial<Pick<AttachmentRecord, 'aliases' | 'links' | 'isInternal'>> = {},
): void {
  const { id: containerId, name, ip } = container
  const { aliases = [], links = [], isInternal = false } = more
  const label = network === back ? 'back' : 'front'
  const rest = { network: label, veth: 'v', ports: [], aliases, links, isInternal }
  openAttachmentRecords(`${directory}/${network}/attachments`).put({
    ...{ containerId, name, ip, ...rest },
  })
}

/** The answer's code and the last byte of every address; `undefined` without an answer. */
function ask(directory: NameDirectory, name: string, type = 1): string | undefined {
  const question = parseQuery(makeQuery(name, type))
  const answer = question && answerLocally(question, directory.read())
  if (answer === undefined) return undefined
  const count = answer[7] ?? 0
  const last = Array.from({ length: count }, (_, i) => answer.at(-1 - 16 * i) ?? 0)
  return `${(answer[3] ?? 0) & 15}: ${last.sort().join(' ')}`
}

test('answerLocally() knows names, aliases and networks of the container alone', () => {
  put(back, { id: 'me', name: 'client', ip: '10.1.0.2' })
  put(back, { id: 'db1', name: 'Db', ip: '10.1.0.3' }, { aliases: ['sql', 'abcdef012345'] })
  put(back, { id: 'db2', name: 'db2', ip: '10.1.0.4' }, { aliases: ['sql'] })
  put(front, { id: 'web', name: 'web', ip: '10.2.0.5' })
  const names = new NameDirectory(directory, 'me')
  expect(ask(names, 'db')).toBe('0: 3')
  expect(ask(names, 'DB.back')).toBe('0: 3')
  expect(ask(names, 'abcdef012345')).toBe('0: 3')
  expect(ask(names, 'sql')).toBe('0: 3 4')
  expect(ask(names, 'db', 28)).toBe('0: ')
  expect(ask(names, 'web')).toBeUndefined()
  expect(ask(names, 'db.front')).toBeUndefined()
  put(front, { id: 'me', name: 'client', ip: '10.2.0.6' })
  expect(ask(names, 'web')).toBe('0: 5')
})

test('answerLocally() answers with the addresses in another order', () => {
  for (const last of [1, 2, 3, 4]) {
    put(back, { id: `c${last}`, name: `c${last}`, ip: `10.1.0.${last}` }, { aliases: ['all'] })
  }
  const names = new NameDirectory(directory, 'c1')
  const question = parseQuery(makeQuery('all', 1))
  if (question === undefined) throw new Error('no question')
  const answers = Array.from({ length: 100 }, () => answerLocally(question, names.read())?.at(-1))
  expect(new Set(answers)).toEqual(new Set([1, 2, 3, 4]))
})

test('answerLocally() finds the name of an address', () => {
  put(back, { id: 'me', name: 'client', ip: '10.1.0.2' })
  const names = new NameDirectory(directory, 'me')
  const question = parseQuery(makeQuery('2.0.1.10.in-addr.arpa', 12))
  const answer = question && answerLocally(question, names.read())
  expect(Buffer.from(answer ?? []).toString('latin1')).toEndWith('\x06client\x04back\0')
  expect(ask(names, '9.0.1.10.in-addr.arpa', 12)).toBeUndefined()
})

test('read() follows containers that come and go, and knows whether a route leads outside', () => {
  put(back, { id: 'me', name: 'client', ip: '10.1.0.2' }, { isInternal: true })
  const names = new NameDirectory(directory, 'me')
  expect(names.read().reachesOutside).toBe(false)
  for (let round = 0; round < 50; round++) {
    put(back, { id: 'one', name: 'one', ip: '10.1.0.7' })
    expect(ask(names, 'one')).toBe('0: 7')
    openAttachmentRecords(`${directory}/${back}/attachments`).remove('one')
    expect(ask(names, 'one')).toBeUndefined()
  }
  put(front, { id: 'me', name: 'client', ip: '10.2.0.2' })
  expect(names.read().reachesOutside).toBe(true)
})

test('answerLocally() knows IPv6 addresses, and names by them', () => {
  const none = { aliases: [], links: [] }
  const rest = { network: 'back', veth: 'v', ports: [], ...none, isInternal: false }
  const records = openAttachmentRecords(`${directory}/${back}/attachments`)
  records.put({ containerId: 'me', name: 'client', ip6: 'fd00::2', ...rest })
  records.put({ containerId: 'db', name: 'db', ip: '10.1.0.3', ip6: 'fd00::3', ...rest })
  const names = new NameDirectory(directory, 'me')
  const answer = (name: string, type: number) => {
    const question = parseQuery(makeQuery(name, type))
    return question && answerLocally(question, names.read())
  }
  const data = answer('db', 28)
  expect(data?.[7]).toBe(1)
  expect([...(data?.slice(-18) ?? [])]).toEqual([0, 16, 0xfd, ...Array(14).fill(0), 3])
  expect(answer('client', 1)?.[7]).toBe(0)
  const reverse = `3.${'0.'.repeat(29)}d.f.ip6.arpa`
  expect(Buffer.from(answer(reverse, 12) ?? []).toString('latin1')).toContain('\x02db\x04back\x00')
})

test('answerLocally() knows a link only in the container that has it', () => {
  put(
    back,
    { id: 'one', name: 'web', ip: '10.0.0.1' },
    { links: [{ alias: 'DB', container: 'two' }] },
  )
  put(back, { id: 'two', name: 'pg', ip: '10.0.0.2' })
  expect(ask(new NameDirectory(directory, 'one'), 'db')).toBe('0: 2')
  expect(ask(new NameDirectory(directory, 'two'), 'db')).toBeUndefined()
})
