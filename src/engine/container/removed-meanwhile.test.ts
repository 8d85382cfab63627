import { describe, expect, test } from 'bun:test'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { containerPaths } from '#container'
import { commitContainer } from '../build/commit.ts'
import { copyFiles } from '../copy/copy.ts'
import { diff } from '../diff.ts'
import { addTestImage, cannotContain, openTestEngine, type TestEngine } from '../testing/fixture.ts'
import { exportContainer } from './export.ts'
import { create } from './run.ts'

/** Verbs that read the files of a container. */
const readers: Readonly<Record<string, (engine: TestEngine) => Promise<unknown>>> = {
  commitContainer: (engine) => commitContainer(engine, 'box'),
  diff: (engine) => diff(engine, 'box'),
  exportContainer: (engine) => exportContainer(engine, 'box', { file: `${engine.directory}/tar` }),
  copyFiles: (engine) =>
    copyFiles(engine, {
      sources: [{ container: 'box', path: '/file' }],
      target: { path: `${engine.directory}/copy` },
      directory: engine.directory,
      warn: () => {},
    }),
}

describe.skipIf(cannotContain !== undefined)('a container that is removed while it is read', () => {
  for (const [name, read] of Object.entries(readers)) {
    test(`${name}() refuses its files, because some may be missing`, async () => {
      await using engine = await openTestEngine()
      await addTestImage(engine, { names: ['image'] })
      const { id } = await create(engine, { image: 'image', name: 'box', command: ['/file'] })
      const { upper } = containerPaths(engine, id)
      mkdirSync(upper, { recursive: true })
      writeFileSync(`${upper}/new`, 'new')
      const snapshots = await engine.snapshots()
      const view = snapshots.view.bind(snapshots)
      const container = snapshots.container.bind(snapshots)
      snapshots.view = async (...args) => {
        engine.records.containers.remove(id)
        return await view(...args)
      }
      snapshots.container = async (...args) => {
        engine.records.containers.remove(id)
        return await container(...args)
      }
      await expect(read(engine)).rejects.toMatchObject({
        code: 'NOT_FOUND',
        message: 'Cannot read the files of container box: another process removed it',
      })
      expect(existsSync(`${engine.directory}/tar`)).toBe(false)
      expect(engine.records.images.list()).toHaveLength(1)
    })
  }
})
