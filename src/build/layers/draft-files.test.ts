import { afterAll, beforeAll, expect, test } from 'bun:test'
import { chmodSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { Layer } from '#oci'
import { openWorkshop, type Workshop } from '../testing/fixture.ts'
import { settled } from '../testing/settled.ts'

const dockerfile = { text: 'FROM scratch\nCOPY . /app/\n' }
const large = 'x'.repeat(5_000_000)
const files = { 'a/one': 'one', 'a/two': 'two', large, 'z/last': 'last' }

let workshop: Workshop
let other: Workshop
let context: string
beforeAll(async () => {
  workshop = await openWorkshop()
  other = await openWorkshop()
  context = await workshop.context('context', files)
  await settled()
})
afterAll(async () => {
  await workshop[Symbol.asyncDispose]()
  await other[Symbol.asyncDispose]()
})

async function layerOf(where: Workshop, noCache = false): Promise<Layer | undefined> {
  const { layers } = await where.build({ context, dockerfile, epoch: 1_700_000_000, noCache })
  return layers[0]
}

test('draftFiles() makes the same layer with and without parts copied from an earlier layer', async () => {
  await layerOf(workshop)
  const changes = [
    () => writeFileSync(`${context}/a/two`, 'TWO'),
    () => writeFileSync(`${context}/a/two`, 'longer than it was'.repeat(100)),
    () => writeFileSync(`${context}/a/new`, 'new'),
    () => rmSync(`${context}/a/one`),
    () => chmodSync(`${context}/z/last`, 0o755),
    () => writeFileSync(`${context}/large`, large.replaceAll('x', 'y')),
  ]
  for (const change of changes) {
    change()
    const again = await layerOf(workshop)
    await other[Symbol.asyncDispose]()
    other = await openWorkshop()
    expect(again).toEqual(await layerOf(other))
    expect(again).toEqual(await layerOf(workshop, true))
  }
})

test('draftFiles() makes the same layer without cache files', async () => {
  const before = await layerOf(workshop)
  rmSync(workshop.services.cacheFiles, { recursive: true })
  expect(await layerOf(workshop, true)).toEqual(before)
  expect(readdirSync(workshop.services.cacheFiles).length).toBe(2)
})

test('draftFiles() reads the files when the earlier layer is damaged or gone', async () => {
  const damage = (path: string): void => {
    chmodSync(path, 0o600)
    const bytes = readFileSync(path)
    writeFileSync(path, bytes.fill('?', bytes.indexOf('new'), bytes.indexOf('new') + 3))
  }
  for (const harm of [damage, rmSync]) {
    const before = await layerOf(workshop)
    if (before === undefined) throw new Error('there is no layer')
    harm(workshop.store.pathOf(before.diffId))
    writeFileSync(`${context}/z/last`, harm.name)
    const again = await layerOf(workshop)
    await other[Symbol.asyncDispose]()
    other = await openWorkshop()
    expect(again).toEqual(await layerOf(other))
    expect(readdirSync(`${workshop.store.root}/ingest`)).toEqual([])
  }
})
