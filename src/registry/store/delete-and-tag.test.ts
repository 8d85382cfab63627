import { expect, test } from 'bun:test'
import { isStrakeError } from '#oci'
import { fromBuffer } from '#stream'
import { emptyConfig, manifest } from '../testing/fixtures.ts'
import { createMemoryRegistry } from './memory.ts'

const image = manifest({ layers: [] })

async function openApp() {
  const registry = createMemoryRegistry()
  const app = registry.repository('app', {
    fixedBy: (tag) => (tag === 'v1' ? 'fixed: v*' : undefined),
  })
  for (const { descriptor, raw } of [emptyConfig, image]) {
    await app.write(descriptor, fromBuffer(raw))
  }
  return app
}

test('a tag that was set is neither lost nor empty after a delete at the same time', async () => {
  for (const order of [0, 1]) {
    for (const tag of ['v1', 'latest']) {
      const app = await openApp()
      await app.tag('other', image.descriptor)
      const works = [() => app.tag(tag, image.descriptor), () => app.delete(image.descriptor)]
      if (order === 1) works.reverse()
      const results = await Promise.allSettled(works.map((work) => work()))
      const isThere = await app.resolve(tag).then(
        () => true,
        () => false,
      )
      const isDeleted = !(await app.has(image.descriptor))
      expect(isThere).toBe(!isDeleted)
      const tags: string[] = await Array.fromAsync(app.tags())
      expect(tags.includes(tag)).toBe(isThere)
      const isTagged = results[order]?.status === 'fulfilled'
      if (tag === 'v1') expect(isTagged).toBe(isThere)
      for (const result of results) {
        if (result.status === 'fulfilled') continue
        expect(isStrakeError(result.reason, 'DENIED', 'MANIFEST_UNKNOWN')).toBe(true)
      }
    }
  }
})
