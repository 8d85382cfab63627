import { expect, test } from 'bun:test'
import { becomeSubreaper, endedOrphans, sleep } from '#platform'
import { reapAbandoned } from './reap-abandoned.ts'

test('reapAbandoned() reaps an orphan for which nobody waits', async () => {
  becomeSubreaper()
  // The shell leaves a child behind, which becomes a child of this process.
  const shell = Bun.spawnSync(['sh', '-c', '(sleep 0.05 & echo $!)'])
  const pid = Number(shell.stdout.toString())
  while (!endedOrphans().includes(pid)) await sleep(10)
  const stop = new AbortController()
  reapAbandoned(stop.signal, 20)
  while (endedOrphans().includes(pid)) await sleep(10)
  stop.abort()
  expect(endedOrphans()).not.toContain(pid)
})
