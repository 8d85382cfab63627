import { expect, test } from 'bun:test'
import { mkdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname } from 'node:path'
import { mkdtempDisposable } from '#platform'
import { cgroupCounters } from './cgroup-counters.ts'

function write(root: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(`${root}/${path}`), { recursive: true })
    writeFileSync(`${root}/${path}`, text)
  }
}

test('cgroupCounters() reads the counters of version 2', async () => {
  await using directory = await mkdtempDisposable(tmpdir(), 'strake-cgroup-')
  write(directory.path, {
    'strake/a/cpu.stat':
      'usage_usec 3\nuser_usec 1\nsystem_usec 2\nnr_periods 5\nnr_throttled 4\nthrottled_usec 6\n',
    'strake/a/memory.current': '2000000\n',
    'strake/a/memory.stat': 'anon 5\ninactive_file 500000\n',
  })
  expect(cgroupCounters('/strake/a', directory.path, true)).toEqual({
    userTime: 1000,
    kernelTime: 2000,
    processors: undefined,
    throttling: { periods: 5, throttledPeriods: 4, throttledTime: 6000 },
    memory: 2_000_000,
    memoryPeak: undefined,
    memoryStats: { anon: 5, inactive_file: 500_000 },
  })
  expect(cgroupCounters('/strake/b', directory.path, true)).toBeUndefined()
})

test('cgroupCounters() reads the counters of version 1', async () => {
  await using directory = await mkdtempDisposable(tmpdir(), 'strake-cgroup-')
  write(directory.path, {
    'cpu/strake/a/cpu.stat': 'nr_periods 5\nnr_throttled 4\nthrottled_time 6\n',
    'cpuacct/strake/a/cpuacct.usage_user': '1\n',
    'cpuacct/strake/a/cpuacct.usage_sys': '2\n',
    'cpuacct/strake/a/cpuacct.usage_percpu': '1 2 \n',
    'memory/strake/a/memory.usage_in_bytes': '2000000\n',
    'memory/strake/a/memory.max_usage_in_bytes': '3000000\n',
    'memory/strake/a/memory.stat': 'cache 5\ntotal_inactive_file 500000\n',
  })
  expect(cgroupCounters('/strake/a', directory.path, false)).toEqual({
    userTime: 1,
    kernelTime: 2,
    processors: [1, 2],
    throttling: { periods: 5, throttledPeriods: 4, throttledTime: 6 },
    memory: 2_000_000,
    memoryPeak: 3_000_000,
    memoryStats: { cache: 5, total_inactive_file: 500_000 },
  })
})
