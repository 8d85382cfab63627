import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { importBusybox } from './busybox.ts'
import { ownMemory } from './processes.ts'
import { until } from './servers.ts'
import { missing, openStrake, type Strake } from './strake.ts'

const reason = missing('busybox', 'tar', 'runc')
if (reason) console.info(`skipped: many containers: ${reason}`)

describe.skipIf(reason !== undefined)('many containers', () => {
  let strake: Strake

  beforeAll(async () => {
    strake = await openStrake()
    await importBusybox(strake)
  })
  afterAll(async () => strake[Symbol.asyncDispose]())

  const run = (name: string, script: string): Promise<string> =>
    strake.ok('run', '-d', '--network', 'none', '--name', name, 'busybox', 'sh', '-c', script)
  const monitorOf = (id: string): number =>
    JSON.parse(readFileSync(`${strake.root}/containers/${id}/state.json`, 'utf8')).monitor.pid

  test('keep their exit codes and logs when half of their monitors are killed', async () => {
    const lines = Array.from({ length: 500 }, (_, index) => `line ${index}`)
    const codes = Array.from({ length: 12 }, (_, index) => index + 1)
    const names = codes.map((code) => `many-${code}`)
    const ids: string[] = []
    for (const code of codes) {
      const print = 'i=0; while [ $i -lt 500 ]; do echo line $i; i=$((i+1)); done'
      const wait = 'trap "go=1" USR1; while [ -z "$go" ]; do sleep 0.02; done'
      ids.push(await run(`many-${code}`, `${wait}; ${print}; exit ${code}`))
    }
    const isKilled = (code: number): boolean => code % 2 === 0
    for (const code of codes.filter(isKilled))
      process.kill(monitorOf(ids[code - 1] ?? ''), 'SIGKILL')
    // The next command gives each of them a new monitor.
    expect((await strake.ok('ps', '-q')).split('\n')).toHaveLength(12)
    await strake.ok('kill', '--signal', 'USR1', ...names)
    const ends = (await strake.ok('wait', ...names)).split('\n').map(Number)
    for (const code of codes) {
      // Only newer kernels tell the status of a process that is no child.
      expect(isKilled(code) ? [code, 137] : [code]).toContain(ends[code - 1] ?? -1)
      expect((await strake.ok('logs', `many-${code}`)).split('\n')).toEqual(lines)
    }
    await strake.ok('rm', ...names)
    const left = `${strake.env['STRAKE_RUN']}/containers`
    expect(existsSync(left) ? readdirSync(left) : []).toEqual([])
  }, 60_000)

  test('have monitors with at most 4 MB of memory of their own, also after a hundred execs', async () => {
    const id = await run('small', 'trap exit TERM; while :; do sleep 0.05; done')
    const own = (): number => ownMemory(monitorOf(id))
    // A monitor gives memory back one second after the start.
    await until(async () => own() < 4_000_000)
    for (let round = 0; round < 10; round += 1) {
      const execs = Array.from({ length: 10 }, () => strake.ok('exec', 'small', 'true'))
      await Promise.all(execs)
    }
    await until(async () => own() < 4_000_000)
    await strake.ok('rm', '-f', 'small')
  }, 60_000)

  test('30 processes at once in one container end with their codes and leave nothing', async () => {
    const id = await run('storm', 'trap exit TERM; while :; do sleep 0.05; done')
    const descriptors = (): number => readdirSync(`/proc/${monitorOf(id)}/fd`).length
    const before = descriptors()
    const codes = Array.from({ length: 30 }, (_, index) => index + 1)
    const ends = await Promise.all(
      codes.map((code) => strake('exec', 'storm', 'sh', '-c', `echo ${code}; exit ${code}`)),
    )
    expect(ends.map(({ exitCode }) => exitCode)).toEqual(codes)
    expect(ends.map(({ stdout }) => Number(stdout))).toEqual(codes)
    expect(await strake.ok('inspect', '-f', '{{len .ExecIDs}}', 'storm')).toBe('0')
    expect(descriptors()).toBe(before)
    await strake.ok('rm', '-f', 'storm')
  }, 60_000)
})
