import { expect, test } from 'bun:test'
import { identifyProcess, isAlive, ownIdentity, signalProcess } from './identity.ts'
import { killTree } from './kill-tree.ts'
import { runCommand, selfCommand, spawnProcess } from './process.ts'

async function textOf(bytes: AsyncIterable<Uint8Array> | undefined): Promise<string> {
  let text = ''
  for await (const chunk of bytes ?? []) text += new TextDecoder().decode(chunk)
  return text
}

const env = { PATH: '/bin:/usr/bin' }

test('spawnProcess() passes only the given descriptors and environment', async () => {
  const child = spawnProcess(['sh', '-c', 'ls /proc/$$/fd; env'], {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...env, ONLY: 'this' },
  })
  const words = (await textOf(child.stdout)).trim().split('\n')
  expect(words.filter((word) => /^\d+$/.test(word))).toEqual(['0', '1', '2'])
  expect(words.filter((word) => /^[A-Z]+=/.test(word)).sort()).toEqual(
    expect.arrayContaining(['ONLY=this', 'PATH=/bin:/usr/bin']),
  )
  expect(words.join()).not.toContain('HOME=')
})

test('spawnProcess() passes standard streams of this process under other numbers', async () => {
  const script = 'cat <&5 >&3; echo error >&4'
  const source = `
    const { spawnProcess } = await import(${JSON.stringify(`${import.meta.dirname}/process.ts`)})
    const child = spawnProcess(['sh', '-c', ${JSON.stringify(script)}],
      { stdio: ['pipe', 'pipe', 'ignore', 1, 2, 0], env: { PATH: '/bin:/usr/bin' } })
    await child.exited
    process.exit(0)`
  const { stdout, stderr } = await runCommand([process.execPath, '-e', source], { input: 'data' })
  expect({ stdout, stderr }).toEqual({ stdout: 'data', stderr: 'error\n' })
})

test('spawnProcess() distinguishes an exit from a signal, and names a missing program', async () => {
  expect(await spawnProcess(['sh', '-c', 'exit 3'], { env }).exited).toEqual({ code: 3 })
  const killed = spawnProcess(['sleep', '10'], { env })
  killed.kill('SIGTERM')
  expect(await killed.exited).toEqual({ code: 143, signal: 15 })
  expect(() => spawnProcess(['/nowhere/program'])).toThrow('Cannot start /nowhere/program')
})

test('runCommand() captures both streams, feeds input and is stopped by a signal', async () => {
  const result = await runCommand(['sh', '-c', 'cat; echo e >&2; exit 4'], { input: 'in' })
  expect(result).toEqual({ code: 4, stdout: 'in', stderr: 'e\n' })
  const controller = new AbortController()
  const running = runCommand(['sleep', '10'], { signal: controller.signal })
  controller.abort(new Error('enough'))
  await expect(running).rejects.toThrow('enough')
})

test('selfCommand() runs this program again', async () => {
  const { stdout } = await runCommand([...selfCommand(), '--version'])
  expect(stdout).toStartWith('strake version ')
})

test('identifyProcess() distinguishes a process from a later one with the same number', async () => {
  const child = spawnProcess(['sleep', '10'], { env })
  const identity = identifyProcess(child.pid)
  if (identity === undefined) throw new Error('the process has ended')
  expect(isAlive(identity)).toBe(true)
  expect(isAlive({ ...identity, startTime: '1' })).toBe(false)
  expect(isAlive({ ...identity, bootId: 'another' })).toBe(false)
  expect(signalProcess({ ...identity, startTime: '1' }, 'SIGKILL')).toBe(false)
  expect(signalProcess(identity, 'SIGKILL')).toBe(true)
  await child.exited
  expect(isAlive(identity)).toBe(false)
  expect(identifyProcess(child.pid)).toBeUndefined()
  expect(isAlive(ownIdentity())).toBe(true)
})

test('killTree() ends a process and its descendants', async () => {
  const script = 'sh -c "sleep 100; sleep 1" & sleep 100 & echo started; wait'
  const child = spawnProcess(['sh', '-c', script], {
    stdio: ['ignore', 'pipe', 'ignore'],
    env,
  })
  const output = child.stdout?.[Symbol.asyncIterator]()
  await output?.next()
  killTree(child.pid)
  expect((await child.exited).signal).toBe(9)
  // The pipe ends when the last process has closed it.
  expect((await output?.next())?.done).toBe(true)
})

test('reapOrphans() reaps orphans of the own session, but no child of spawnProcess()', async () => {
  const source = `
    const { becomeSubreaper, reapOrphans, spawnProcess } = await import(${JSON.stringify(`${import.meta.dirname}/process.ts`)})
    const { existsSync, readFileSync } = await import('node:fs')
    becomeSubreaper()
    const env = { PATH: '/bin:/usr/bin' }
    const parent = spawnProcess(['sh', '-c', 'cat <&0 >/dev/null & echo $!'], { stdio: ['pipe', 'pipe'], env })
    let orphan = ''
    for await (const chunk of parent.stdout) orphan += new TextDecoder().decode(chunk)
    await parent.exited
    await parent.stdin.end()
    const child = spawnProcess(['sh', '-c', 'exit 3'], { env })
    const path = (pid) => '/proc/' + String(pid).trim()
    const hasEnded = (pid) =>
      !existsSync(path(pid)) || readFileSync(path(pid) + '/stat', 'latin1').includes(') Z')
    while (!hasEnded(child.pid) || !hasEnded(orphan)) Bun.sleepSync(1)
    reapOrphans([])
    console.log(existsSync(path(orphan)), (await child.exited).code)
    process.exit(0)`
  const { stdout, stderr } = await runCommand([process.execPath, '-e', source])
  expect({ stdout, stderr }).toEqual({ stdout: 'false 3\n', stderr: '' })
})
