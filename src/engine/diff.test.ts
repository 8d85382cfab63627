import { expect, test } from 'bun:test'
import { collectGarbage } from './collect/collect-garbage.ts'
import { removeImage } from './collect/remove.ts'
import { diff } from './diff.ts'
import { addTestImage, cannotContain, openTestEngine } from './testing/fixture.ts'

const rooted = cannotContain === undefined ? test : test.skip

rooted('diff() compares images that another process removes at the same time', async () => {
  await using engine = await openTestEngine()
  await addTestImage(engine, { names: ['old'], layers: [{ a: '1' }] })
  await addTestImage(engine, { names: ['new'], layers: [{ a: '1', b: '2' }] })
  const snapshots = await engine.snapshots()
  const compare = snapshots.compare.bind(snapshots)
  snapshots.compare = async function* (before, after) {
    await removeImage(engine, 'old')
    await removeImage(engine, 'new')
    await collectGarbage(engine)
    yield* compare(before, after)
  }
  expect(await diff(engine, 'new', 'old')).toEqual([{ kind: 'added', path: 'b' }])
})

test('diff() names both kinds that it looked for', async () => {
  await using engine = await openTestEngine()
  await expect(diff(engine, 'nosuch')).rejects.toMatchObject({
    code: 'NOT_FOUND',
    message: 'Cannot show the changes of nosuch: No such container: nosuch, and no such image',
  })
})
