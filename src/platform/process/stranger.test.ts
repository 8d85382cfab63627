import { expect, test } from 'bun:test'
import { kernelAtLeast } from './host.ts'
import { identifyProcess } from './identity.ts'
import { awaitStranger } from './stranger.ts'

/**
 * Starts a shell whose child is no child of this process, and returns the child's number and the shell.
 * The shell runs `after` when its child has ended; then the child is reaped.
 */
async function startStranger(script: string, after: string) {
  const shell = Bun.spawn(['sh', '-c', `sh -c 'echo $$; ${script}' & ${after}`], {
    stdin: 'pipe',
    stdout: 'pipe',
  })
  const { value } = await shell.stdout.getReader().read()
  const identity = identifyProcess(Number(new TextDecoder().decode(value)))
  if (identity === undefined) throw new Error('it has ended already')
  return { identity, shell }
}

test('awaitStranger() knows the status of a process that nobody has reaped', async () => {
  // exec: the shell becomes a program that never waits.
  const { identity, shell } = await startStranger('sleep 0.3; exit 7', 'exec sleep 100')
  expect(await awaitStranger(identity)).toEqual({ code: 7 })
  shell.kill('SIGKILL')
})

test.skipIf(!kernelAtLeast(6, 15))(
  'awaitStranger() knows the status of a process that its parent has reaped',
  async () => {
    const { identity, shell } = await startStranger('sleep 0.3; kill -9 $$', 'wait')
    expect(await awaitStranger(identity)).toEqual({ code: 137, signal: 9 })
    await shell.exited
  },
)

test('awaitStranger() knows nothing of a process that had ended before', async () => {
  const identity = { pid: process.pid, startTime: '1', bootId: 'another' }
  expect(await awaitStranger(identity)).toBeUndefined()
})
