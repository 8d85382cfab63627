import { afterAll, expect, test } from 'bun:test'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { mkdtempDisposable } from '#platform'
import type { Selection } from '../files/select-sources.ts'
import { openTree } from '../files/tree.ts'
import { emptyTree } from './empty-tree.ts'
import { layOut, layOutDirectory } from './placement.ts'

const directory = await mkdtempDisposable(tmpdir(), 'strake-layout-')
afterAll(() => directory[Symbol.asyncDispose]())
const image = `${directory.path}/image`
await mkdir(`${image}/etc/conf.d`, { recursive: true })
await mkdir(`${image}/usr/lib`, { recursive: true })
await writeFile(`${image}/etc/motd`, 'hi')
await symlink('usr/lib', `${image}/lib`)
await symlink('/etc/conf.d', `${image}/usr/conf`)
await symlink('../../../../etc', `${image}/usr/up`)
await symlink('/nowhere/yet', `${image}/dangling`)
await symlink('lib/../lib', `${image}/lib-of-lib`)
await symlink('loop-b', `${image}/loop-a`)
await symlink('/loop-a', `${image}/loop-b`)
const below = openTree(image, { name: 'the image', hasOwners: true })
afterAll(() => below[Symbol.dispose]())

const file = (name: string): Selection => ({
  name,
  isDirectory: false,
  items: [{ relative: '', content: { inline: name } }],
})
const folder = (...paths: string[]): Selection => ({
  name: 'folder',
  isDirectory: true,
  items: paths.map((path) => ({
    relative: path.replace(/\/$/, ''),
    content: path.endsWith('/') ? emptyTree.top : { inline: path },
  })),
})

/** Paths of the entries. Those of new directories end with a slash. */
function paths(destination: string, ...selections: Selection[]): string[] {
  const intoDirectory = destination.length > 1 && destination.endsWith('/')
  const options = { destination: destination.replace(/(.)\/$/, '$1'), intoDirectory }
  return layOut(below, selections, options).entries.map(
    ({ path, content }) => path + (content === 'directory' ? '/' : ''),
  )
}

test('layOut() names one file as the destination, unless that is a directory', () => {
  expect(paths('/new', file('a'))).toEqual(['new'])
  expect(paths('/new/', file('a'))).toEqual(['new/', 'new/a'])
  expect(paths('/etc', file('a'))).toEqual(['etc/a'])
  expect(paths('/etc/motd', file('a'))).toEqual(['etc/motd'])
  expect(paths('/x/y/z', file('a'))).toEqual(['x/', 'x/y/', 'x/y/z'])
  expect(paths('/', file('a'))).toEqual(['a'])
})

test('layOut() gives several files the name of the destination, one after the other', () => {
  const { entries } = layOut(below, [file('a'), file('b')], {
    destination: '/new',
    intoDirectory: false,
  })
  expect(entries).toEqual([{ path: 'new', content: { inline: 'b' } }])
  expect(paths('/new/', file('a'), file('b'))).toEqual(['new/', 'new/a', 'new/b'])
  expect(paths('/new', folder('x'), file('a'))).toEqual(['new/', 'new/a', 'new/x'])
  expect(() => paths('/new', file('a'), folder('x'))).toThrow('Cannot copy to /new')
})

test('layOut() makes no entries without selections', () => {
  expect(paths('/none/')).toEqual([])
  const options = { destination: '/some', intoDirectory: false, makesDestination: true }
  expect(layOut(below, [], options).entries.map(({ path }) => path)).toEqual(['some'])
})

test('layOut() keeps the destination, and gives directories below it the owner and mode of the source', () => {
  expect(paths('/', folder('etc/', 'etc/conf.d/', 'etc/conf.d/x', 'opt/', 'opt/y'))).toEqual([
    'etc',
    'etc/conf.d',
    'etc/conf.d/x',
    'opt',
    'opt/y',
  ])
  expect(paths('/etc', folder('conf.d/', 'conf.d/x'))).toEqual(['etc/conf.d', 'etc/conf.d/x'])
  expect(paths('/new', folder())).toEqual(['new/'])
})

test('layOut() follows links of the image, and never out of it', () => {
  expect(paths('/lib/x.so', file('a'))).toEqual(['usr/lib/x.so'])
  expect(paths('/usr/conf/', file('a'))).toEqual(['etc/conf.d/a'])
  expect(paths('/usr/up/new/', file('a'))).toEqual(['etc/new/', 'etc/new/a'])
  expect(paths('/dangling/', file('a'))).toEqual(['nowhere/', 'nowhere/yet/', 'nowhere/yet/a'])
  expect(paths('/../../etc/new', file('a'))).toEqual(['etc/new'])
  expect(paths('/lib-of-lib/x.so', file('a'))).toEqual(['usr/lib/x.so'])
  expect(() => paths('/loop-a/x', file('a'))).toThrow(
    'Cannot copy to /loop-a/x: its links form a loop',
  )
})

test('layOut() refuses to put a directory and a file in the same place', () => {
  expect(() => paths('/', folder('etc'))).toThrow(
    'Cannot copy to /etc: a file cannot take the place of a directory',
  )
  expect(() => paths('/etc', folder('motd/'))).toThrow(
    'Cannot copy to /etc/motd: a directory cannot take the place of a file',
  )
  expect(() => paths('/etc/motd/', file('a'))).toThrow('Cannot copy to /etc/motd')
  // As in BuildKit, a directory of the source does not follow a link of the image.
  expect(() => paths('/', folder('lib/'))).toThrow('Cannot copy to /lib')
})

test('layOut() makes further names of a file hard links to its first path', () => {
  const first = { relative: 'z', content: { inline: 'bytes' } }
  const others = [
    { ...first, relative: 'b', sameAs: first },
    { ...first, relative: 'c' },
  ]
  const linked = { name: 'folder', isDirectory: true, items: [first, ...others] }
  const { entries } = layOut(below, [linked], { destination: '/new', intoDirectory: false })
  expect(entries.map(({ path, hardlink }) => [path, hardlink])).toEqual([
    ['new', undefined],
    ['new/b', undefined],
    ['new/c', undefined],
    ['new/z', 'new/b'],
  ])
})

test('layOut() lets the later of two sources win', () => {
  const { entries } = layOut(emptyTree, [folder('x'), folder('x', 'y')], {
    destination: '/',
    intoDirectory: true,
  })
  expect(entries.map(({ path }) => path)).toEqual(['x', 'y'])
})

test('layOutDirectory() makes no entry for a directory that exists', () => {
  const made = (path: string): string[] => layOutDirectory(below, path).map((each) => each.path)
  expect(made('/etc/conf.d')).toEqual([])
  expect(made('/lib')).toEqual([])
  expect(made('/srv/app')).toEqual(['srv', 'srv/app'])
})
