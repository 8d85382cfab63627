import { afterAll, beforeAll, expect, test } from 'bun:test'
import { utimesSync, writeFileSync } from 'node:fs'
import { openWorkshop, type Workshop } from '../fixture.ts'

let workshop: Workshop
let context: string
beforeAll(async () => {
  workshop = await openWorkshop()
  context = await workshop.context('context', { a: 'a', 'd/b': 'b' })
  await Bun.sleep(80)
})
afterAll(() => workshop[Symbol.asyncDispose]())

async function stateOfCopy(): Promise<string | undefined> {
  await workshop.build({ context, dockerfile: { text: 'FROM scratch\nCOPY . /\n' } })
  return workshop.stateOf('COPY')
}

test('hashContextFiles() believes the status of files, and looks again when it changes', async () => {
  const key = `${context} Dockerfile [1/1] status`
  expect(await stateOfCopy()).toBe('done')
  const known = workshop.records.cache.inputsOf(key)
  expect(Object.keys(known as object).sort()).toEqual(['content', 'status'])
  expect(await stateOfCopy()).toBe('cached')
  // A wrong content shows that it is believed.
  workshop.records.cache.putInputs(key, { ...(known as object), content: 'wrong' })
  expect(await stateOfCopy()).toBe('done')
  utimesSync(`${context}/a`, 7, 7)
  expect(await stateOfCopy()).toBe('cached')
  writeFileSync(`${context}/a`, 'b')
  expect(await stateOfCopy()).toBe('done')
})
