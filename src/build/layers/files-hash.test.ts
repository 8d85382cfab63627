import { afterAll, beforeAll, expect, test } from 'bun:test'
import { utimesSync, writeFileSync } from 'node:fs'
import { openWorkshop, type Workshop } from '../testing/fixture.ts'
import { settled } from '../testing/settled.ts'

let workshop: Workshop
let context: string
beforeAll(async () => {
  workshop = await openWorkshop()
  context = await workshop.context('context', { a: 'a', 'd/b': 'b' })
  await settled()
})
afterAll(() => workshop[Symbol.asyncDispose]())

async function stateOfCopy(): Promise<string | undefined> {
  await workshop.build({ context, dockerfile: { text: 'FROM scratch\nCOPY . /\n' } })
  return workshop.stateOf('COPY')
}

test('hashContextFiles() uses the status of files, and reads them when it changes', async () => {
  const key = `${context} Dockerfile [1/1] status`
  expect(await stateOfCopy()).toBe('done')
  const known = workshop.records.cache.inputsOf(key)
  expect(Object.keys(known as object).sort()).toEqual(['content', 'status'])
  expect(await stateOfCopy()).toBe('cached')
  // A wrong content hash proves that the files are not read.
  workshop.records.cache.putInputs(key, { ...(known as object), content: 'wrong' })
  expect(await stateOfCopy()).toBe('done')
  expect(workshop.records.cache.inputsOf(key)).toEqual(known)
  expect(await stateOfCopy()).toBe('cached')
  utimesSync(`${context}/a`, 7, 7)
  expect(await stateOfCopy()).toBe('cached')
  writeFileSync(`${context}/a`, 'b')
  expect(await stateOfCopy()).toBe('done')
})

test.each(['COPY', 'ADD'])(
  '%s remembers a layer by the bytes that were read, whatever was believed',
  async (verb) => {
    const dockerfile = { text: `FROM scratch\n${verb} . /\n` }
    const lied = await workshop.context(`lied-${verb}`, { f: 'other bytes' })
    const honest = await workshop.context(`honest-${verb}`, { f: 'bytes' })
    await settled()
    const keyOf = (path: string): string => `${path} Dockerfile [1/1] status`
    await workshop.build({ context: honest, dockerfile })
    await workshop.build({ context: lied, dockerfile })
    const believed = workshop.records.cache.inputsOf(keyOf(honest))
    const status = workshop.records.cache.inputsOf(keyOf(lied))
    workshop.records.cache.prune()
    workshop.records.cache.putInputs(keyOf(lied), {
      ...(status as object),
      content: (believed as { content: string }).content,
    })
    await workshop.build({ context: lied, dockerfile })
    expect(workshop.stateOf(verb)).toBe('done')

    const {
      layers: [layer],
    } = await workshop.build({ context: honest, dockerfile })
    expect(workshop.stateOf(verb)).toBe('done')
    expect(layer && (await workshop.list(layer))).toEqual({ f: 'file 644 0:0 "bytes"' })
  },
)
