import { expect, test } from 'bun:test'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { treeCalls } from '#platform'
import { decodeName, encodeName } from '#tar'
import { Arena, isRoot, unlessRoot } from './testing/tree.ts'

function attributes(path: string): Record<string, string> {
  const dir = treeCalls.openRoot(join(path, '..'))
  const fd = treeCalls.openFileAt(dir, encodeName(path.slice(path.lastIndexOf('/') + 1))) ?? -1
  const found = treeCalls
    .listAttributes(fd)
    .map((name) => [
      decodeName(name),
      Buffer.from(treeCalls.readAttribute(fd, name) ?? []).toString('hex'),
    ])
  treeCalls.closeDescriptor(fd)
  treeCalls.closeDescriptor(dir)
  return Object.fromEntries(found)
}

/** cap_net_bind_service=ep, as the kernel stores it. */
const capability = Buffer.from('0100000200040000000000000000000000000000', 'hex')

test.skipIf(!isRoot)(
  `applyLayer() sets only portable attributes, capabilities last${unlessRoot}`,
  async () => {
    using arena = new Arena()
    const value = Buffer.from([1, 0, 2])
    const xattrs = new Map([
      ['security.capability', capability],
      ['user.empty', Buffer.alloc(0)],
      ['user.binary', value],
      ['user.overlay.opaque', Buffer.from('y')],
      ['user.overlay.redirect', Buffer.from('/etc')],
      ['trusted.overlay.opaque', Buffer.from('y')],
      ['trusted.overlay.metacopy', Buffer.alloc(0)],
      ['security.selinux', Buffer.from('host')],
      ['security.ima', value],
    ])
    mkdirSync(join(arena.root, 'lower'))
    const { error } = await arena.apply([
      { path: 'f', body: Buffer.alloc(10), uid: 7, gid: 7, mode: 0o755, xattrs },
      { path: 'lower', type: 'directory', xattrs: new Map([...xattrs].slice(1)) },
    ])
    expect(error).toBeUndefined()
    const allowed = { 'user.empty': '', 'user.binary': '010002' }
    expect(attributes(join(arena.root, 'f'))).toEqual({
      ...allowed,
      'security.capability': capability.toString('hex'),
    })
    expect(attributes(join(arena.root, 'lower'))).toEqual(allowed)
  },
)

// image-spec layer.md, "Applying Changesets": the attributes of an existing path are replaced.
test.skipIf(!isRoot)(
  `applyLayer() removes attributes of a directory that its new entry does not have${unlessRoot}`,
  async () => {
    using arena = new Arena()
    const both = new Map(['user.a', 'user.b'].map((name) => [name, Buffer.from('1')]))
    const second = new Map([['user.b', Buffer.from('2')]])
    await arena.apply([
      { path: './', type: 'directory', xattrs: both },
      { path: 'd', type: 'directory', xattrs: both },
      { path: 'passed', type: 'directory', xattrs: both },
    ])
    await arena.apply([
      { path: './', type: 'directory' },
      { path: 'd', type: 'directory', xattrs: second },
      { path: 'passed/x' },
    ])
    expect(attributes(arena.root)).toEqual({})
    expect(attributes(join(arena.root, 'd'))).toEqual({ 'user.b': '32' })
    expect(attributes(join(arena.root, 'passed'))).toEqual({ 'user.a': '31', 'user.b': '31' })
  },
)
