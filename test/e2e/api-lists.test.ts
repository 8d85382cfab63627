import { expect, test } from 'bun:test'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { askRaw } from '../clients/raw.ts'
import { importBase, openStrakeTarget, type Target } from '../clients/target.ts'
import { until } from './servers.ts'
import { command, missing, program } from './strake.ts'

const reason = missing('busybox', 'tar')
if (reason) console.info(`skipped: lists of a server that remembers: ${reason}`)

interface Listed {
  readonly Names: readonly string[]
  readonly State: string
  readonly Status: string
}

/** Every container as the server lists it now: `name state status`. */
async function listed({ socket }: Target): Promise<readonly string[]> {
  const path = '/v1.51/containers/json?all=1'
  const { body } = await askRaw(socket, { method: 'GET', path })
  const found: readonly Listed[] = JSON.parse(new TextDecoder().decode(body))
  return found.map(({ Names, State, Status }) => `${Names[0]?.slice(1)} ${State} ${Status}`).sort()
}

/** The same by a command, which remembers nothing. */
async function found(target: Target, ...args: readonly string[]): Promise<readonly string[]> {
  const outcome = await strake(target, ...args)
  return outcome.split('\n').filter(Boolean).sort()
}

async function strake(target: Target, ...args: readonly string[]): Promise<string> {
  const env = {
    ...target.env,
    STRAKE_ROOT: join(target.directory, 'root'),
    STRAKE_RUN: join(target.directory, 'run'),
  }
  const { exitCode, stdout, stderr } = await command([...target.enter, program, ...args], { env })
  if (exitCode !== 0) throw new Error(`${args.join(' ')}: ${stderr}`)
  return stdout.trim()
}

test.skipIf(reason !== undefined)(
  'a server that has listed containers sees what other processes change, in its next answer',
  async () => {
    await using target = await openStrakeTarget()
    await importBase(target)
    const run = (name: string, ...options: readonly string[]): Promise<string> =>
      strake(
        target,
        ...['run', '-d', '--network', 'none', '--name', name, '--stop-signal', 'SIGKILL'],
        ...options,
        ...['busybox', 'sleep', '1000'],
      )
    const states = async (): Promise<readonly string[]> =>
      (await listed(target)).map((line) => line.split(' ').slice(0, 2).join(' '))
    const stateFile = (id: string): string =>
      join(target.directory, 'root/containers', id, 'state.json')
    const one = await run('one')
    const two = await run('two')
    const probe = ['--health-cmd', 'test -e /sick', '--health-interval', '100ms']
    await run('sick', ...probe, '--health-retries', '1')
    // Long enough for the server to trust what it has read.
    await Bun.sleep(100)
    expect(await states()).toEqual(['one running', 'sick running', 'two running'])

    const steps: readonly (readonly [() => Promise<unknown>, readonly string[]])[] = [
      [() => strake(target, 'pause', 'one'), ['one paused', 'sick running', 'two running']],
      [() => strake(target, 'unpause', 'one'), ['one running', 'sick running', 'two running']],
      [() => strake(target, 'stop', 'one'), ['one exited', 'sick running', 'two running']],
      [() => strake(target, 'start', 'one'), ['one running', 'sick running', 'two running']],
      [() => strake(target, 'restart', 'one'), ['one running', 'sick running', 'two running']],
      [
        () => strake(target, 'rename', 'one', 'uno'),
        ['sick running', 'two running', 'uno running'],
      ],
      [() => run('three'), ['sick running', 'three running', 'two running', 'uno running']],
      [() => strake(target, 'rm', '-f', 'three'), ['sick running', 'two running', 'uno running']],
      [
        () => strake(target, 'create', '--name', 'zero', 'busybox', 'true'),
        [...['sick running', 'two running', 'uno running', 'zero created']],
      ],
      [() => strake(target, 'rm', 'zero'), ['sick running', 'two running', 'uno running']],
    ]
    for (const [change, expected] of steps) {
      await change()
      expect(await states()).toEqual(expected)
      await Bun.sleep(100)
      expect(await states()).toEqual(expected)
    }

    // The documents agree in all that a list shows of the state.
    const format = ['ps', '-a', '--format', '{{.Names}} {{.State}} {{.Status}}']
    const health = async (): Promise<string> =>
      (await listed(target)).find((line) => line.startsWith('sick ')) ?? ''
    await until(async () => (await health()).endsWith('(unhealthy)'))
    await strake(target, 'exec', 'sick', 'touch', '/sick')
    await until(async () => (await health()).endsWith('(healthy)'))
    expect((await found(target, ...format)).map(withoutAge)).toEqual(
      (await listed(target)).map(withoutAge),
    )

    // Both of its processes are killed: nothing tells the server.
    const { process: first, monitor } = JSON.parse(readFileSync(stateFile(two), 'utf8'))
    await command([...target.enter, 'kill', '-9', `${monitor.pid}`, `${first.pid}`])
    await until(async () => (await states())[1] === 'two exited')
    expect(await states()).toEqual(['sick running', 'two exited', 'uno running'])

    // A damaged file is read too, although no program of the store wrote it.
    const text = readFileSync(stateFile(one), 'utf8')
    writeFileSync(stateFile(one), text.replace('"status":"running"', '"status":"exited" '))
    expect(await states()).toEqual(['sick running', 'two exited', 'uno exited'])
    writeFileSync(stateFile(one), text)
    expect(await states()).toEqual(['sick running', 'two exited', 'uno running'])
    await strake(target, 'rm', '-f', 'uno', 'two', 'sick')
    expect(await states()).toEqual([])
  },
)

/** Two lists may be read in different seconds. */
function withoutAge(line: string): string {
  return line.replace(/(?:Less than a|About a|\d+) (?:second|minute)s?/, 'TIME')
}
