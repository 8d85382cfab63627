import { expect, test } from 'bun:test'
import { complete } from './complete.ts'
import { createTestContext } from './fixture.ts'

async function completions(...words: readonly string[]): Promise<readonly string[]> {
  const context = createTestContext()
  await complete(context, words)
  return context.out.text.split('\n').filter((line) => line !== '')
}

test('complete() offers commands', async () => {
  expect(await completions('im')).toEqual(['image', 'images', 'import'])
})

test('complete() offers options, also after a long form, but no hidden ones', async () => {
  expect(await completions('image', 'ls', '--no')).toEqual(['--no-trunc'])
  expect(await completions('run', '--net')).toEqual(['--network'])
})

test('complete() offers the words of a group', async () => {
  expect(await completions('image', 'pru')).toEqual(['prune'])
  expect(await completions('image', 'l')).toEqual(['load', 'ls'])
})

test('complete() never fails, whatever is typed', async () => {
  expect(await completions('nonsense', '')).toEqual([])
  expect(await completions('rmi', '')).toEqual([])
})
