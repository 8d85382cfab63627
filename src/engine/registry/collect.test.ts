import { expect, test } from 'bun:test'
import { writeFile } from 'node:fs/promises'
import { openStoredRegistry } from '#server'
import { fromBuffer } from '#stream'
import { emptyConfig, manifest } from '../../registry/testing/fixtures.ts'
import { openTestEngine } from '../testing/fixture.ts'
import { foreseeCollection } from './collect.ts'

test('a configuration shows what its retention would remove, and nothing changes', async () => {
  await using engine = await openTestEngine()
  const storage = `${engine.directory}/data`
  await using served = await openStoredRegistry(storage)
  const repository = served.registry.repository('ci/app')
  for (const name of ['1', '2', '3']) {
    const image = manifest({ annotations: { name } })
    for (const { descriptor, raw } of [emptyConfig, image]) {
      await repository.write(descriptor, fromBuffer(raw))
    }
    await repository.tag(`pr-${name}`, image.descriptor)
  }
  await repository.tag('stable', manifest({ annotations: { name: '1' } }).descriptor)
  const config = `${engine.directory}/registry.yml`
  const rule = '- { repositories: [ci/**], tags: [pr-*], keep: { newestPushed: 1 } }'
  await writeFile(config, `storage: { directory: ${storage} }\nretention:\n  ${rule}\n`)
  const found = await foreseeCollection(engine, { config })
  expect(found).toMatchObject({ tags: 2, manifests: 0, blobs: 0 })
  expect(found.first).toEqual([
    { repository: 'ci/app', kind: 'tag', tag: 'pr-1' },
    { repository: 'ci/app', kind: 'tag', tag: 'pr-2' },
  ])
  expect(await Array.fromAsync(repository.tags())).toEqual(['pr-1', 'pr-2', 'pr-3', 'stable'])
  await expect(
    foreseeCollection(engine, { config, storage: `${engine.directory}/absent` }),
  ).rejects.toThrow('Cannot find a registry in')
  await writeFile(config, `storage: { directory: ${storage} }\n`)
  await expect(foreseeCollection(engine, { config })).rejects.toThrow(
    'neither collect nor retention',
  )
})
