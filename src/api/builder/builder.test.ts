import { afterAll, beforeAll, expect, test } from 'bun:test'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openTestEngine, type TestEngine } from '../../engine/testing/fixture.ts'
import { createBuilder } from './builder.ts'

let directory: string
let engine: TestEngine
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'builder-'))
  engine = await openTestEngine()
})
afterAll(async () => {
  await engine[Symbol.asyncDispose]()
  rmSync(directory, { recursive: true })
})

/** A process that notes its start, says where it listens, and waits for the end of its input. */
function noting(name: string, last = 'cat >/dev/null') {
  const log = join(directory, name)
  const script = `echo $$ >>${log}; echo $STRAKE_ROOT/${name}.sock; ${last}; echo ended >>${log}`
  return {
    command: ['sh', '-c', script],
    log: () => readFileSync(log, 'utf8').split('\n').slice(0, -1),
  }
}

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; !condition(); tries++) {
    if (tries === 500) throw new Error('it did not happen within 5 seconds')
    await Bun.sleep(10)
  }
}

test('use() starts one process for all uses, and it ends some time after the last of them', async () => {
  const { command, log } = noting('one')
  await using builder = createBuilder(engine, { command, idle: 50 })
  const uses = await Promise.all([builder.use(), builder.use()])
  expect(uses.map(({ socket }) => socket)).toEqual(Array(2).fill(join(engine.root, 'one.sock')))
  uses[0]?.[Symbol.dispose]()
  uses[0]?.[Symbol.dispose]()
  await Bun.sleep(100)
  expect(log()).toHaveLength(1)
  uses[1]?.[Symbol.dispose]()
  await until(() => log().includes('ended'))
  using _again = await builder.use()
  expect(log()).toHaveLength(3)
})

test('use() starts another process when one has died', async () => {
  const { command, log } = noting('two')
  await using builder = createBuilder(engine, { command })
  using _first = await builder.use()
  process.kill(Number(log()[0]), 'SIGKILL')
  await until(() => {
    void builder.use()
    return log().length === 2
  })
})

test('use() throws when the process ends before it listens', async () => {
  await using builder = createBuilder(engine, { command: ['true'] })
  const failure = await builder.use().catch((error: unknown) => error)
  expect(failure).toMatchObject({ code: 'UNAVAILABLE' })
})

test('the process has ended when the builder is disposed', async () => {
  const { command, log } = noting('three', 'cat >/dev/null; sleep 0.2')
  const builder = createBuilder(engine, { command })
  await builder.use()
  await builder[Symbol.asyncDispose]()
  expect(log().at(-1)).toBe('ended')
})
