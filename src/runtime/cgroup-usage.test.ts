import { expect, test } from 'bun:test'
import { mkdirSync, writeFileSync } from 'node:fs'
import { tmpdir, totalmem } from 'node:os'
import { mkdtempDisposable } from '#platform'
import { readLegacy, readUnified } from './cgroup-usage.ts'

function write(root: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(`${root}/${path}`.replace(/\/[^/]*$/, ''), { recursive: true })
    writeFileSync(`${root}/${path}`, text)
  }
}

const expected = {
  cpuTime: 1_234_567_000,
  memory: 1_500_000,
  memoryLimit: 4_000_000,
  blockRead: 4096 + 512,
  blockWritten: 8192,
  pids: 3,
}

test('readUnified() reads the counters of version 2', async () => {
  await using directory = await mkdtempDisposable(tmpdir(), 'strake-cgroup-')
  write(directory.path, {
    'strake/a/cpu.stat': 'usage_usec 1234567\nuser_usec 1\nsystem_usec 2\n',
    'strake/a/memory.current': '2000000\n',
    'strake/a/memory.stat': 'anon 5\ninactive_anon 1\ninactive_file 500000\n',
    'strake/a/memory.max': '4000000\n',
    'strake/a/io.stat':
      '8:0 rbytes=4096 wbytes=8192 rios=1 wios=2 dbytes=0 dios=0\n8:16 rbytes=512 wbytes=0\n',
    'strake/a/pids.current': '3\n',
  })
  expect(readUnified('/strake/a', directory.path)).toEqual(expected)
  write(directory.path, { 'strake/a/memory.max': 'max\n' })
  expect(readUnified('/strake/a', directory.path).memoryLimit).toBe(totalmem())
})

test('readLegacy() reads the counters of version 1', async () => {
  await using directory = await mkdtempDisposable(tmpdir(), 'strake-cgroup-')
  write(directory.path, {
    'cpuacct/strake/a/cpuacct.usage': '1234567000\n',
    'memory/strake/a/memory.usage_in_bytes': '2000000\n',
    'memory/strake/a/memory.stat': 'inactive_file 1\ntotal_inactive_file 500000\n',
    'memory/strake/a/memory.limit_in_bytes': '4000000\n',
    'blkio/strake/a/blkio.throttle.io_service_bytes_recursive':
      '8:0 Read 4096\n8:0 Write 8192\n8:0 Total 12288\n8:16 Read 512\nTotal 12800\n',
    'pids/strake/a/pids.current': '3\n',
  })
  expect(readLegacy('/strake/a', directory.path)).toEqual(expected)
  write(directory.path, { 'memory/strake/a/memory.limit_in_bytes': '9223372036854771712\n' })
  expect(readLegacy('/strake/a', directory.path).memoryLimit).toBe(totalmem())
})
