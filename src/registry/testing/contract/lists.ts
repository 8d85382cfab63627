import { expect, test } from 'bun:test'
import { fromBuffer } from '#stream'
import { expectCode } from '../expect-code.ts'
import { blob } from '../fixtures.ts'
import { pushManifest } from './push-manifest.ts'
import type { With } from './with.ts'

/** Lists of tags and repositories, and names of repositories. */
export function testLists(withRepository: With): void {
  test('tags() are in lexical order and may start anywhere', () =>
    withRepository(async (repository) => {
      const { descriptor } = await pushManifest(repository, 'b')
      for (const tag of ['a', 'C', '_x', '10', '9']) await repository.tag(tag, descriptor)
      expect(await Array.fromAsync(repository.tags())).toEqual(['10', '9', 'C', '_x', 'a', 'b'])
      expect(await Array.fromAsync(repository.tags({ after: 'C' }))).toEqual(['_x', 'a', 'b'])
    }))

  test('tags() throws NAME_UNKNOWN for an absent repository', () =>
    withRepository(async (repository) => {
      await expectCode(Array.fromAsync(repository.tags()), ['NAME_UNKNOWN'])
    }))

  test('repositories() are in lexical order and may start anywhere', () =>
    withRepository(async (_repository, registry) => {
      const { raw, descriptor } = blob('somewhere')
      for (const name of ['b/c', 'a', 'b', 'a-b', 'a/b']) {
        await registry.repository(name).write(descriptor, fromBuffer(raw))
      }
      const all = ['a', 'a-b', 'a/b', 'b', 'b/c']
      expect(await Array.fromAsync(registry.repositories())).toEqual(all)
      expect(await Array.fromAsync(registry.repositories({ after: 'a-b' }))).toEqual(all.slice(2))
    }))

  test('repository() refuses names outside the grammar', () =>
    withRepository(async (_repository, registry) => {
      for (const name of ['', 'A', '../x', 'a//b', 'a/', `${'a'.repeat(256)}`, 'a\0']) {
        expect(() => registry.repository(name)).toThrow()
      }
    }))
}
