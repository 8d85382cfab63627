import { afterAll, beforeAll, expect, test } from 'bun:test'
import { build } from '../build/build.ts'
import { findTarget } from '../image/find-target.ts'
import { openTestEngine, type TestEngine } from '../testing/fixture.ts'
import { removeUnnamed } from './remove-unnamed.ts'

let engine: TestEngine
beforeAll(async () => {
  engine = await openTestEngine()
})
afterAll(() => engine[Symbol.asyncDispose]())

const make = async (value: string, names: readonly string[] = []) =>
  (await build(engine, { names, dockerfile: { text: `FROM scratch\nENV A=${value}\n` } })).digest

test('removeUnnamed() forgets a new image that nobody has named', async () => {
  const digest = await make('one')
  await removeUnnamed(engine, digest, Date.now() + 60_000)
  expect(findTarget(engine.records, digest)).toBeDefined()
  await removeUnnamed(engine, digest, 0)
  expect(findTarget(engine.records, digest)).toBeUndefined()
  await removeUnnamed(engine, digest, 0)
})

test('removeUnnamed() keeps an image that has a name', async () => {
  const digest = await make('two', ['named:1'])
  await removeUnnamed(engine, digest, 0)
  expect(findTarget(engine.records, digest)).toBeDefined()
})
