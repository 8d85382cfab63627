import { expect, test } from 'bun:test'
import type { ProgressEvent } from '#stream'
import { createVertex, type Vertex } from '../model/graph.ts'
import { emptyState } from '../model/state.ts'
import { type StepRunner, solve } from './solve.ts'

function vertex(name: string, ...inputs: Vertex[]): Vertex {
  return createVertex({ kind: 'workdir', path: `/${name}`, user: '' }, inputs, { name })
}

const done = { state: emptyState, isCached: false }
const options = { concurrency: 2, emit: () => {} }

test('solve() runs a vertex once, after its inputs, also if several vertices need it', async () => {
  const base = vertex('base')
  const target = vertex('target', vertex('left', base), vertex('right', base), base)
  const order: string[] = []
  const states = await solve(
    [target],
    async ({ name }) => {
      order.push(name)
      return done
    },
    options,
  )
  expect(order).toHaveLength(4)
  expect(order[0]).toBe('base')
  expect(order[3]).toBe('target')
  expect(states.size).toBe(4)
})

test('solve() runs vertices with the same digest once', async () => {
  const target = vertex('target', vertex('twin'), vertex('twin'))
  let calls = 0
  await solve(
    [target],
    async () => {
      calls++
      return done
    },
    options,
  )
  expect(calls).toBe(2)
})

test('solve() runs independent steps at the same time, and no more than allowed', async () => {
  const target = vertex('target', ...'abcdef'.split('').map((name) => vertex(name)))
  let running = 0
  let most = 0
  const run: StepRunner = async () => {
    most = Math.max(most, ++running)
    await new Promise((resolve) => setImmediate(resolve))
    running--
    return done
  }
  await solve([target], run, { ...options, concurrency: 3 })
  expect(most).toBe(3)
})

test('solve() aborts the other steps when one fails, waits for them, and throws the first failure', async () => {
  const events: ProgressEvent[] = []
  let stopped = false
  const run: StepRunner = async ({ name }, _inputs, signal) => {
    if (name === 'bad') throw new Error('bad is bad')
    if (name === 'target') return done
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
    await new Promise((resolve) => setImmediate(resolve))
    stopped = true
    throw signal.reason
  }
  const target = vertex('target', vertex('slow'), vertex('bad'))
  const solving = solve([target], run, { concurrency: 4, emit: (event) => events.push(event) })
  await expect(solving).rejects.toThrow('bad is bad')
  await solving.catch(() => {})
  expect(stopped).toBe(true)
  const last = (name: string): unknown =>
    events.findLast((event) => event.type === 'step' && event.name === name)
  expect(last('bad')).toMatchObject({ state: 'failed', error: 'bad is bad' })
  expect(last('slow')).toMatchObject({ state: 'canceled' })
  expect(last('target')).toBeUndefined()
})

test("solve() rethrows the caller's reason untouched", async () => {
  const reason = new Error('the user pressed control-C')
  const controller = new AbortController()
  const run: StepRunner = async (_vertex, _inputs, signal) => {
    controller.abort(reason)
    signal.throwIfAborted()
    return done
  }
  const solving = solve([vertex('target')], run, { ...options, signal: controller.signal })
  expect(await solving.catch((error) => error)).toBe(reason)
})
