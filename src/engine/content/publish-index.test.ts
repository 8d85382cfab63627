import { expect, test } from 'bun:test'
import { appendFile, mkdir, readFile, rm, stat } from 'node:fs/promises'
import { tagImage } from '../image/tag.ts'
import { addTestIndex, openTestEngine } from '../testing/fixture.ts'
import { publishIndex } from './publish-index.ts'

test('publishIndex() writes the file only when its text changes, or when it is damaged', async () => {
  await using engine = await openTestEngine()
  const path = `${engine.root}/index.json`
  const inode = async (): Promise<number> => (await stat(path)).ino
  await addTestIndex(engine, { names: ['app:1'] })
  await publishIndex(engine)
  const [first, text] = [await inode(), await readFile(path, 'utf8')]
  await publishIndex(engine)
  expect(await inode()).toBe(first)
  await tagImage(engine, 'app:1', 'app:2')
  const tagged = await readFile(path, 'utf8')
  expect(tagged).toContain('app:2')
  expect(tagged).not.toBe(text)
  for (const damage of [
    () => appendFile(path, ' '),
    () => rm(path),
    async () => {
      await rm(path)
      await mkdir(path)
    },
  ]) {
    await damage()
    await publishIndex(engine)
    expect(await readFile(path, 'utf8')).toBe(tagged)
  }
})
