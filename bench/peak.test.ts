import { expect, test } from 'bun:test'
import { watchPeak } from './peak.ts'

test('the peak is that of the process and its children, without the memory of this one', async () => {
  const held = new Uint8Array(400e6).fill(1)
  const child = Bun.spawn(['sh', '-c', 'head -c 60000000 /dev/zero | tail -c 60000000 | wc -c'], {
    stdout: 'pipe',
  })
  const peak = watchPeak(child.pid)
  expect(await new Response(child.stdout).text()).toBe('60000000\n')
  await child.exited
  const bytes = peak()
  expect(bytes).toBeGreaterThan(1e6)
  expect(bytes).toBeLessThan(held.length / 2)
})
