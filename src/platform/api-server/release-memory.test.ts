import { expect, test } from 'bun:test'
import { createMemoryRelease } from './release-memory.ts'

test('createMemoryRelease() releases memory when the process has grown by some megabytes', async () => {
  let megabytes = 0
  let releases = 0
  const release = createMemoryRelease({
    resident: () => megabytes * 2 ** 20,
    release() {
      releases += 1
      megabytes = 52
    },
    delay: 0,
  })
  const counts: number[] = []
  for (const now of [50, 55, 57, 53, 56]) {
    megabytes = now
    release()
    await Bun.sleep(5)
    counts.push(releases)
  }
  expect(counts).toEqual([1, 1, 2, 2, 3])
})
