import { expect, test } from 'bun:test'
import { save } from '#engine/archive/save'
import type { Engine } from '#engine/engine'
import { addTestImage, openTestEngine } from '../../engine/testing/fixture.ts'
import { parseCommand, runParsed } from '../arguments/parse-command.ts'
import { createTestContext } from '../testing/fixture.ts'
import { define } from './load-command.ts'

/** The lines that `strake load -q -i FILE` prints. */
async function load(engine: Engine, file: string): Promise<string[]> {
  const context = createTestContext(engine)
  await runParsed(parseCommand(define(context), ['-q', '-i', file]))
  return context.out.text.split('\n').slice(0, -1)
}

test('load prints every name that it assigns, and the previous image of a name that moves', async () => {
  await using one = await openTestEngine()
  await using two = await openTestEngine()
  const file = `${one.directory}/images.tar`
  await addTestImage(one, { names: ['app:1', 'app:2', 'ghcr.io/team/app:1'] })
  const nameless = await addTestImage(one, { names: ['gone'], layers: [{ other: 'x' }] })
  const before = await addTestImage(two, { names: ['app:1', 'kept'], layers: [{ old: 'x' }] })
  await save(one, ['app:1', 'app:2', 'ghcr.io/team/app:1'], { file })
  const moved = `The image docker.io/library/app:1 existed before as ${before.imageId}`
  const names = ['app:1', 'app:2', 'ghcr.io/team/app:1'].map((name) => `Loaded image: ${name}`)
  expect((await load(two, file)).sort()).toEqual([...names, moved].sort())
  expect((await load(two, file)).sort()).toEqual(names.sort())
  await save(one, [nameless.imageId], { file })
  expect(await load(two, file)).toEqual([`Loaded image ID: ${nameless.imageId}`])
  expect(two.records.tags.get('docker.io/library/kept:latest')).toBeDefined()
  expect(two.records.tags.history('docker.io/library/app:1')).toHaveLength(2)
})
