import { expect, test } from 'bun:test'
import { mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { mkdtempDisposable } from '#platform'
import { containerPaths } from '../model/context.ts'
import { writeJson } from '../model/state.ts'
import { type HealthStatus, untilProbed } from './health.ts'

const signal = new AbortController().signal
const second = 1000

/** A container whose first probe is due in so many milliseconds. */
async function openContainer(due: number, Status: HealthStatus = 'starting') {
  const directory = await mkdtempDisposable(tmpdir(), 'strake-health-')
  const context = { root: `${directory.path}/root`, run: `${directory.path}/run` }
  const container = {
    id: 'a'.repeat(64),
    settings: { health: { Test: ['CMD', 'true'], Interval: 1_000_000_000 } },
    state: { startedAt: new Date(Date.now() - second + due).toISOString() },
  }
  const paths = containerPaths(context, container.id)
  mkdirSync(paths.directory, { recursive: true })
  writeJson(paths.health, { Status, FailingStreak: 0, Log: [] })
  return {
    endProbe() {
      const End = new Date().toISOString()
      writeJson(paths.health, { Status: 'healthy', FailingStreak: 0, Log: [{ End }] })
    },
    wait: () => untilProbed(context, container as never, signal),
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  }
}

test('untilProbed() waits for a probe of a starting container that is due', async () => {
  for (const due of [20, -20]) {
    await using container = await openContainer(due)
    const waiting = container.wait()
    container.endProbe()
    expect(await waiting).toBe(true)
  }
})

test('untilProbed() does not wait for longer than a moment', async () => {
  await using container = await openContainer(0)
  expect(await container.wait()).toBe(false)
})

test('untilProbed() waits for no other probe, and not for a healthy container', async () => {
  for (const [due, status] of [
    [500, 'starting'],
    [-500, 'starting'],
    [0, 'healthy'],
  ] as const) {
    await using container = await openContainer(due, status)
    const waiting = container.wait()
    container.endProbe()
    expect(await waiting).toBe(false)
  }
})
