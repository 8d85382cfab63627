import { expect, test } from 'bun:test'
import { readdirSync } from 'node:fs'
import { identifyProcess, isAlive } from '../process/identity.ts'
import { KnownProcesses } from './known-processes.ts'

test('KnownProcesses answers like isAlive, also for a process that nobody has reaped', async () => {
  using known = new KnownProcesses()
  // The shell never waits for the process that it starts.
  const parent = Bun.spawn(['sh', '-c', 'sleep 1000 & echo $!; exec sleep 1000'], {
    stdout: 'pipe',
  })
  const { value } = await parent.stdout.getReader().read()
  const identity = identifyProcess(Number(new TextDecoder().decode(value)))
  if (identity === undefined) throw new Error('it has ended')
  try {
    for (let round = 0; round < 3; round += 1) expect(known.isAlive(identity)).toBe(true)
    expect(known.isAlive({ ...identity, startTime: '1' })).toBe(false)
    expect(known.isAlive({ ...identity, bootId: 'another' })).toBe(false)
    expect(known.isAlive(identity)).toBe(true)
    process.kill(identity.pid, 'SIGKILL')
    while (isAlive(identity)) await Bun.sleep(1)
    expect(known.isAlive(identity)).toBe(false)
  } finally {
    parent.kill('SIGKILL')
    await parent.exited
  }
  expect(known.isAlive(identity)).toBe(false)
})

test('KnownProcesses keeps no descriptor of a process that has ended', async () => {
  const count = (): number => readdirSync('/proc/self/fd').length
  const before = count()
  {
    using known = new KnownProcesses()
    for (let round = 0; round < 20; round += 1) {
      const child = Bun.spawn(['sleep', '1000'])
      const identity = identifyProcess(child.pid)
      if (identity === undefined) throw new Error('it has ended')
      expect(known.isAlive(identity)).toBe(true)
      child.kill('SIGKILL')
      await child.exited
      expect(known.isAlive(identity)).toBe(false)
    }
    expect(count()).toBeLessThan(before + 10)
    expect(
      known.isAlive(identifyProcess(process.pid) ?? { pid: 0, startTime: '', bootId: '' }),
    ).toBe(true)
  }
  expect(count()).toBeLessThan(before + 10)
})
