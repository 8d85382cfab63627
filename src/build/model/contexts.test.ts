import { describe, expect, test } from 'bun:test'
import { type NamedContext, NamedContexts } from './contexts.ts'

const linux = { os: 'linux', architecture: 'amd64' }
const image = (reference: string): NamedContext => ({ kind: 'image', reference })

describe('NamedContexts', () => {
  test('find() finds an image by every form of its name', () => {
    const contexts = new NamedContexts(new Map([['docker.io/library/alpine', image('a')]]))
    for (const name of ['alpine', 'alpine:latest', 'library/alpine', 'docker.io/library/alpine']) {
      expect(contexts.find(name, linux)?.context).toEqual(image('a'))
    }
    expect(contexts.find('alpine:3', linux)).toBeUndefined()
  })

  test('find() prefers the context for a platform', () => {
    const contexts = new NamedContexts(
      new Map([
        ['base', image('any')],
        ['base::linux/arm64', image('arm')],
      ]),
    )
    expect(contexts.find('base', linux)?.context).toEqual(image('any'))
    expect(contexts.find('BASE', { os: 'linux', architecture: 'arm64' })?.context).toEqual(
      image('arm'),
    )
  })

  test('unused() returns the contexts that the Dockerfile does not name, with a suggestion', () => {
    const contexts = new NamedContexts(
      new Map([
        ['bilder', image('a')],
        ['other', image('b')],
        ['alpine', image('c')],
        ['later::linux/arm64', image('d')],
      ]),
    )
    contexts.find('alpine', linux)
    expect(contexts.unused(['builder', 'later'])).toEqual([
      { name: 'bilder', close: 'builder' },
      { name: 'other', close: undefined },
    ])
  })
})
