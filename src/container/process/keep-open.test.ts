import { expect, test } from 'bun:test'
import { isAlive, makePipe, signalProcess } from '#platform'
import { until } from '../testing/client.ts'
import { holdOpen, takeHeld } from './keep-open.ts'

const held = `import { makePipe } from '#platform'
import { holdOpen } from '${import.meta.dir}/keep-open.ts'
const holder = holdOpen(makePipe().write)
if (process.argv[1] === 'recorded') holder.stay()
console.log(JSON.stringify(holder.identity))
process.kill(process.pid, 'SIGKILL')`

const identityAfterKill = (...words: readonly string[]) =>
  JSON.parse(Bun.spawnSync([process.execPath, '-e', held, ...words]).stdout.toString())

test('holdOpen() leaves no process behind when this one is killed before it has recorded the holder', async () => {
  const identity = identityAfterKill()
  await until(() => !isAlive(identity))
})

test('a recorded holder outlives this process, and gives its descriptor', async () => {
  const identity = identityAfterKill('recorded')
  await Bun.sleep(200)
  expect(isAlive(identity)).toBe(true)
  expect(takeHeld(identity)).toBeNumber()
  signalProcess(identity, 'SIGKILL')
  await until(() => !isAlive(identity))
})

test('recording a holder that somebody has killed throws nothing', async () => {
  const holder = holdOpen(makePipe().write)
  if (holder === undefined) throw new Error('there is no holder')
  signalProcess(holder.identity, 'SIGKILL')
  await until(() => !isAlive(holder.identity))
  expect(() => holder.stay()).not.toThrow()
})
