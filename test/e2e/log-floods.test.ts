import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { importBusybox } from './busybox.ts'
import { ownMemory } from './processes.ts'
import { missing, openStrake, type Strake } from './strake.ts'

const reason = missing('busybox', 'tar', 'runc')
if (reason) console.info(`skipped: floods of output: ${reason}`)

const MiB = 1024 * 1024
const maxSize = MiB
const maxFile = 3
/** Records are written 256 KiB at a time, and one record takes up to 96 KiB. */
const mostBytesOfFile = maxSize + 0.5 * MiB
/** A monitor in a flood has 20 to 35 MB. It would have hundreds if it kept what it cannot write at once. */
const mostMemory = 80 * MiB

/** Each prints about 70 MB. */
const floods: Readonly<Record<string, string>> = {
  'zeros without a line feed': 'dd if=/dev/zero bs=1M count=70 2>/dev/null',
  'random bytes': 'dd if=/dev/urandom bs=1M count=70 2>/dev/null',
  'lines of 1 MiB': `yes "$(printf %01048575d 0)" | head -c ${70 * MiB}`,
  'short lines': `yes "$(printf %099d 0)" | head -c ${70 * MiB}`,
}

describe.skipIf(reason !== undefined)('a flood of output', () => {
  let strake: Strake

  beforeAll(async () => {
    strake = await openStrake()
    await importBusybox(strake)
  })
  afterAll(async () => strake[Symbol.asyncDispose]())

  test.each(Object.entries(floods))(
    'of %s keeps log files and memory bounded',
    async (_, flood) => {
      const limits = ['--log-opt', `max-size=${maxSize}`, '--log-opt', `max-file=${maxFile}`]
      // It starts to print when it is watched.
      const script = `while [ ! -e /go ]; do sleep 0.02; done; ${flood}; echo; echo the end`
      const words = ['run', '-d', '--network', 'none', ...limits, 'busybox', 'sh', '-c', script]
      const id = await strake.ok(...words)
      const directory = `${strake.root}/containers/${id}`
      const { monitor } = JSON.parse(readFileSync(`${directory}/state.json`, 'utf8'))
      const logFiles = (): readonly string[] =>
        readdirSync(directory).filter((name) => name.includes('-json.log'))
      await strake.ok('exec', id, 'touch', '/go')
      let [isOver, largest, memory] = [false, 0, 0]
      const ended = strake.ok('wait', id).then((code) => {
        isOver = true
        return code
      })
      while (!isOver) {
        memory = Math.max(memory, ownMemory(monitor.pid))
        for (const name of logFiles()) largest = Math.max(largest, sizeOf(`${directory}/${name}`))
        await Bun.sleep(20)
      }
      expect(await ended).toBe('0')
      expect(largest).toBeGreaterThan(maxSize / 2)
      expect(largest).toBeLessThan(mostBytesOfFile)
      expect(memory).toBeLessThan(mostMemory)
      expect(logFiles()).toHaveLength(maxFile)
      for (const name of logFiles()) {
        for (const line of readFileSync(`${directory}/${name}`, 'utf8').split('\n').slice(0, -1)) {
          const { log } = JSON.parse(line)
          // As in Docker's log. A byte that is not UTF-8 is one character.
          expect(log.length).toBeLessThanOrEqual(16 * 1024)
          if (log.indexOf('\n') !== -1) expect(log.indexOf('\n')).toBe(log.length - 1)
        }
      }
      expect((await strake.ok('logs', '--tail', '1', id)).endsWith('the end')).toBe(true)
      await strake.ok('rm', id)
    },
    60_000,
  )
})

/** A file may have been renamed since it was listed. */
function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0
}
