import { afterEach, beforeEach, expect, test } from 'bun:test'
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ownIdentity } from '#platform'
import { type Holder, holderFile, holds, namespacesOf, readHolder, writeHolder } from './holder.ts'

const uid = process.getuid?.() ?? 0
let run: string
let own: Holder

beforeEach(() => {
  run = mkdtempSync(join(tmpdir(), 'strake-holder-'))
  const namespaces = namespacesOf(process.pid)
  if (namespaces === undefined) throw new Error('this process has no namespaces')
  own = { process: ownIdentity(), namespaces }
  writeHolder(run, own)
})
afterEach(() => rmSync(run, { recursive: true }))

test('a note is read again, and holds while its process lives in the same namespaces', () => {
  expect(readHolder(run, uid)).toEqual(own)
  expect(holds(own)).toBe(true)
  expect(holds({ ...own, process: { ...own.process, startTime: '1' } })).toBe(false)
  expect(holds({ ...own, process: { ...own.process, bootId: 'another' } })).toBe(false)
  expect(holds({ ...own, namespaces: { ...own.namespaces, user: 'user:[1]' } })).toBe(false)
  expect(holds({ ...own, namespaces: { ...own.namespaces, mount: 'mnt:[1]' } })).toBe(false)
})

test('readHolder() trusts no note that another user owns or may write', () => {
  expect(readHolder(run, uid + 1)).toBeUndefined()
  chmodSync(holderFile(run), 0o620)
  expect(readHolder(run, uid)).toBeUndefined()
  chmodSync(holderFile(run), 0o600)
  expect(readHolder(run, uid)).toEqual(own)
  for (const mode of [0o720, 0o702]) {
    chmodSync(run, mode)
    expect(readHolder(run, uid)).toBeUndefined()
  }
})

test('readHolder() refuses links and damaged notes', () => {
  const file = holderFile(run)
  const { process: identity, namespaces } = own
  const damaged = [
    '',
    '{',
    'null',
    '[]',
    JSON.stringify({ process: { ...identity, pid: -1 }, namespaces }),
    JSON.stringify({ process: { ...identity, pid: '1' }, namespaces }),
    JSON.stringify({ process: { ...identity, startTime: 5 }, namespaces }),
    JSON.stringify({ process: identity, namespaces: { user: namespaces.user } }),
    JSON.stringify({ process: identity }),
  ]
  for (const text of damaged) {
    writeFileSync(file, text)
    expect(readHolder(run, uid)).toBeUndefined()
  }
  rmSync(file)
  expect(readHolder(run, uid)).toBeUndefined()
  writeFileSync(`${run}/other`, JSON.stringify(own), { mode: 0o600 })
  symlinkSync(`${run}/other`, file)
  expect(readHolder(run, uid)).toBeUndefined()
})
