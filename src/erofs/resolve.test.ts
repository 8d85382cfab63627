import { describe, expect, test } from 'bun:test'
import { fileType } from './format.ts'
import { childDirectory, fault, makeDirectories, nameLength, resolveDirectory } from './resolve.ts'
import { createTree, type Directory, Inode, implicitDirectory } from './tree.ts'

/** A root with directories, links (`d/l -> target`) and files, in the order of their paths. */
function rootWith(...paths: readonly string[]): Directory {
  const { root } = createTree()
  for (const path of paths) {
    const [place = '', target] = path.split(' -> ')
    const slash = place.lastIndexOf('/')
    const parent = makeDirectories(root, place.slice(0, Math.max(slash, 0)))
    const name = place.slice(slash + 1)
    if (target === undefined && !name.endsWith('.file')) makeDirectories(root, place)
    else {
      const type = target === undefined ? fileType.file : fileType.symlink
      const inode = new Inode({ ...implicitDirectory, mode: type | 0o777 })
      inode.target = target ?? ''
      parent.children.set(name, inode)
    }
  }
  return root
}

function pathOf(directory: Directory | undefined): string | undefined {
  if (directory === undefined) return undefined
  if (directory.parent === directory) return '/'
  return `${pathOf(directory.parent)?.replace(/\/$/, '')}/${directory.name}`
}

describe('resolveDirectory()', () => {
  const root = rootWith(
    'usr/lib/deep',
    'srv/data',
    'up/to -> ../srv',
    'abs/to -> /srv',
    'abs/out -> /../../usr',
    'abs/twice -> to',
    'l -> .',
    'dangling -> usr/nothing',
    'x.file',
    'loop -> loop',
  )
  test.each([
    ['', '/'],
    ['usr/lib', '/usr/lib'],
    ['./usr/.//lib/..', '/usr'],
    ['../../usr', '/usr'],
    ['up/to/data', '/srv/data'],
    ['abs/to/data', '/srv/data'],
    ['abs/to/..', '/'],
    ['abs/out/lib', '/usr/lib'],
    ['abs/twice/data', '/srv/data'],
    ['usr/missing/deep', undefined],
    ['dangling', undefined],
  ])('resolveDirectory() of %j is %p', (path, expected) => {
    expect(pathOf(resolveDirectory(root, path))).toBe(expected)
  })

  test('resolveDirectory() refuses a file as a directory', () => {
    expect(() => resolveDirectory(root, 'x.file/a')).toThrow(fault.notDirectory)
    expect(() => resolveDirectory(root, `usr/${'n'.repeat(256)}`)).toThrow(fault.nameTooLong)
  })

  test('resolveDirectory() follows forty links, in a row or nested', () => {
    const links = (count: number): string => Array.from({ length: count }, () => 'l').join('/')
    expect(pathOf(resolveDirectory(root, links(40)))).toBe('/')
    expect(() => resolveDirectory(root, links(41))).toThrow(fault.tooManyLinks)
    expect(() => resolveDirectory(root, 'loop')).toThrow(fault.tooManyLinks)
    const chain = rootWith('c0', ...Array.from({ length: 41 }, (_, at) => `c${at + 1} -> c${at}`))
    expect(pathOf(resolveDirectory(chain, 'c40'))).toBe('/c0')
    expect(() => resolveDirectory(chain, 'c41')).toThrow(fault.tooManyLinks)
  })
})

describe('makeDirectories()', () => {
  test('makeDirectories() creates missing directories and targets of dangling links', () => {
    const root = rootWith('d/relative -> new/er', 'd/absolute -> /srv/x', 'd/up -> ../../../top')
    for (const [path, expected] of [
      ['a/b/c', '/a/b/c'],
      ['d/relative/in', '/d/new/er/in'],
      ['d/absolute/in', '/srv/x/in'],
      ['d/up', '/top'],
    ] as const) {
      expect(pathOf(makeDirectories(root, path))).toBe(expected)
      expect(pathOf(resolveDirectory(root, path))).toBe(expected)
    }
    expect(resolveDirectory(root, 'a/b')).toMatchObject(implicitDirectory)
  })

  test('makeDirectories() refuses files, loops and names that are too long', () => {
    const root = rootWith('x.file', 'loop -> loop', `long -> ${'n'.repeat(256)}`)
    expect(() => makeDirectories(root, 'x.file')).toThrow(fault.notDirectory)
    expect(() => makeDirectories(root, 'x.file/a')).toThrow(fault.notDirectory)
    expect(() => makeDirectories(root, 'loop/a')).toThrow(fault.tooManyLinks)
    expect(() => makeDirectories(root, 'long')).toThrow(fault.nameTooLong)
  })
})

test('childDirectory() creates paths of up to 4095 bytes', () => {
  let at = createTree().root
  for (let depth = 0; depth < 15; depth++) at = childDirectory(at, 'n'.repeat(255))
  expect(at.pathLength).toBe(3840)
  expect(childDirectory(at, 'n'.repeat(254)).pathLength).toBe(4095)
  expect(() => childDirectory(at, 'n'.repeat(255))).toThrow(fault.nameTooLong)
  expect(() => childDirectory(childDirectory(at, 'n'.repeat(254)), 'n')).toThrow(fault.nameTooLong)
})

test('nameLength() counts bytes, up to 255', () => {
  for (const [name, length] of [
    ['n'.repeat(255), 255],
    ['é'.repeat(127), 254],
    [`${'漢'.repeat(85)}`, 255],
    ['\udcff'.repeat(255), 255],
  ] as const) {
    expect(nameLength(name)).toBe(length)
    expect(() => nameLength(`${name}éé`)).toThrow(fault.nameTooLong)
  }
  expect(() => nameLength('n'.repeat(256))).toThrow(fault.nameTooLong)
  expect(() => nameLength('é'.repeat(128))).toThrow(fault.nameTooLong)
})
