import { expect, test } from 'bun:test'
import { commands } from '../table.ts'
import { longForms, shorten } from './long-forms.ts'

test('shorten() rewrites the long forms of Docker', () => {
  expect(shorten(['image', 'ls', '-q'])).toEqual(['images', '-q'])
  expect(shorten(['container', 'rm', 'x'])).toEqual(['rm', 'x'])
  expect(shorten(['image', 'inspect', 'x'])).toEqual(['inspect', '--type', 'image', 'x'])
  expect(shorten(['buildx', 'build', '.'])).toEqual(['build', '.'])
  expect(shorten(['image', 'umount', 'x'])).toEqual(['image', 'unmount', 'x'])
  expect(shorten(['buildx', 'prune'])).toEqual(['builder', 'prune'])
})

test('shorten() leaves other words unchanged', () => {
  for (const argv of [[], ['ps'], ['image'], ['image', 'prune'], ['toString', 'x']]) {
    expect(shorten(argv)).toEqual(argv)
  }
})

test('longForms lead to commands that exist', () => {
  const targets = Object.values(longForms).flatMap((forms) => Object.values(forms))
  expect(targets.filter((name) => !Object.hasOwn(commands, name))).toEqual([])
})
