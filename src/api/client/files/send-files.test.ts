import { afterEach, beforeEach, expect, test } from 'bun:test'
import {
  linkSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { messageOf } from '#grpc/testing/message-of'
import { openClient } from '../testing/open-client.ts'
import { type Taken, takeFiles } from '../testing/take-files.ts'
import { sendFiles } from './send-files.ts'

let place: string
const at = (path: string): string => join(place, path)

beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'send-'))
})
afterEach(() => rmSync(place, { recursive: true }))

async function send(refusal?: string): Promise<Taken> {
  const taken: Taken = { stats: [], contents: new Map() }
  await using client = await openClient([takeFiles(taken, refusal)])
  await sendFiles(client.session, place, { output: 3 })
  return taken
}

test('sendFiles() sends a tree with its types, modes, times and links', async () => {
  mkdirSync(at('dir'), { mode: 0o750 })
  writeFileSync(at('dir/b'), 'x'.repeat(600_000), { mode: 0o640 })
  writeFileSync(at('a'), '')
  linkSync(at('dir/b'), at('same'))
  symlinkSync('/etc/passwd', at('link'))
  utimesSync(at('a'), 1_700_000_000, 1_700_000_000.5)
  const { stats, contents, metadata } = await send()
  const shown = stats.map(({ path, mode, linkname }) => [path, mode.toString(8), linkname])
  expect(shown).toEqual([
    ['a', '644', ''],
    ['dir', '20000000750', ''],
    ['dir/b', '640', ''],
    ['link', '1000000777', '/etc/passwd'],
    ['same', '640', 'dir/b'],
  ])
  expect(stats[0]?.modTime).toBe(1_700_000_000_500_000_000n)
  expect([...contents].map(([path, { length }]) => [path, length])).toEqual([
    ['a', 0],
    ['dir/b', 600_000],
  ])
  expect(metadata?.first('buildkit-attachable-exporter-id')).toBe('3')
})

test('sendFiles() orders directories as clients do', async () => {
  for (const path of ['a', 'a/z']) mkdirSync(at(path))
  for (const path of ['a.txt', 'a-b', 'a/z/f', 'A']) writeFileSync(at(path), '')
  const { stats } = await send()
  expect(stats.map(({ path }) => path)).toEqual(['A', 'a', 'a/z', 'a/z/f', 'a-b', 'a.txt'])
})

test('sendFiles() tells why the client does not take them', async () => {
  writeFileSync(at('a'), '')
  expect(await messageOf(send('disk is full'))).toContain(
    'Cannot send files to the client: the client cannot write them: disk is full',
  )
})

test('sendFiles() refuses a name that is not UTF-8', async () => {
  writeFileSync(Buffer.concat([Buffer.from(`${place}/`), Buffer.from([0xff])]), '')
  expect(await messageOf(send())).toContain('Cannot send files to the client: "ÿ" is not UTF-8')
})
