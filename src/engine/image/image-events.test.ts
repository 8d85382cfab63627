import { expect, test } from 'bun:test'
import { load } from '../archive/load.ts'
import { save } from '../archive/save.ts'
import { removeImage } from '../collect/remove.ts'
import { pruneCache } from '../store/prune.ts'
import { pruneImages } from '../store/prune-images.ts'
import { addTestImage, openTestEngine, type TestEngine } from '../testing/fixture.ts'
import { tagImage } from './tag.ts'

const eventsOf = ({ records }: TestEngine): readonly string[] =>
  records.events.list().map(({ type, action, actor, attributes }) => {
    const name = attributes['name'] ?? ''
    return [type, action, actor.slice(0, 11), name].filter((word) => word !== '').join(' ')
  })

test('commands record events of images in order, with the names that the user typed', async () => {
  await using engine = await openTestEngine()
  const file = `${engine.directory}/app.tar`
  const { imageId } = await addTestImage(engine, { names: ['app'] })
  await tagImage(engine, 'app', 'other:2')
  await save(engine, ['app'], { file })
  await removeImage(engine, 'app')
  await removeImage(engine, 'other:2')
  await load(engine, { file })
  await pruneImages(engine, { all: true })
  await pruneCache(engine)
  const id = imageId.slice(0, 11)
  expect(eventsOf(engine)).toEqual([
    `image tag ${id} other:2`,
    `image save ${id} app:latest`,
    `image untag ${id} app:latest`,
    `image untag ${id} other:2`,
    `image delete ${id}`,
    `image load ${id} app:latest`,
    `image untag ${id} app:latest`,
    `image delete ${id}`,
    'image prune',
    'builder prune',
  ])
})
