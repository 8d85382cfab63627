import { expect, test } from 'bun:test'
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SystemError } from '../call/libc.ts'
import * as treeCalls from './root.ts'

const bytes = (text: string): Uint8Array => Buffer.from(text)

/** An open directory `root` with `outside` beside it. Both are removed with the scope. */
class Tree implements Disposable {
  readonly path: string = mkdtempSync(join(tmpdir(), 'strake-root-'))
  readonly root: string = join(this.path, 'root')
  readonly outside: string = join(this.path, 'outside')
  readonly fd: number

  constructor() {
    mkdirSync(this.root)
    mkdirSync(this.outside)
    writeFileSync(join(this.outside, 'victim'), 'x')
    this.fd = treeCalls.openRoot(this.root)
  }

  [Symbol.dispose](): void {
    treeCalls.closeDescriptor(this.fd)
    rmSync(this.path, { recursive: true })
  }

  /** Returns the target of `path` below the root; `undefined` for an absent path. */
  resolved(path: string, links: 'follow' | 'refuse' = 'follow'): string | undefined {
    const fd = treeCalls.resolveDirectory(this.fd, bytes(path), { links })
    if (fd === undefined) return undefined
    try {
      return Buffer.from(treeCalls.locate(fd)).toString().slice(this.root.length)
    } finally {
      treeCalls.closeDescriptor(fd)
    }
  }
}

test('resolveDirectory() uses the root as / in every link', () => {
  using tree = new Tree()
  mkdirSync(join(tree.root, 'usr/lib'), { recursive: true })
  symlinkSync('/usr', join(tree.root, 'absolute'))
  symlinkSync('../../../usr', join(tree.root, 'dots'))
  symlinkSync(tree.outside, join(tree.root, 'out'))
  expect(tree.resolved('absolute/lib')).toBe('/usr/lib')
  expect(tree.resolved('dots/lib')).toBe('/usr/lib')
  expect(tree.resolved('../../usr')).toBe('/usr')
  expect(tree.resolved('/usr')).toBe('/usr')
  expect(tree.resolved('out')).toBeUndefined()
  expect(tree.resolved('none/at/all')).toBeUndefined()
})

test('resolveDirectory() follows no link with links: refuse', () => {
  using tree = new Tree()
  mkdirSync(join(tree.root, 'usr'))
  symlinkSync('usr', join(tree.root, 'l'))
  expect(tree.resolved('usr', 'refuse')).toBe('/usr')
  expect(() => tree.resolved('l', 'refuse')).toThrow('ELOOP')
})

test('resolveDirectory() throws the error of the kernel for circles, files and long names', () => {
  using tree = new Tree()
  symlinkSync('b', join(tree.root, 'a'))
  symlinkSync('a', join(tree.root, 'b'))
  writeFileSync(join(tree.root, 'f'), '')
  expect(() => tree.resolved('a')).toThrow('ELOOP')
  expect(() => tree.resolved('f')).toThrow('ENOTDIR')
  expect(() => tree.resolved('c'.repeat(256))).toThrow('ENAMETOOLONG')
  expect(() => tree.resolved('c'.repeat(9999))).toThrow(SystemError)
  expect(() => tree.resolved('a\0b')).toThrow('EINVAL')
})

test('openDirectory(), openFileAt() and createFile() follow no link', () => {
  using tree = new Tree()
  symlinkSync(tree.outside, join(tree.root, 'd'))
  symlinkSync(join(tree.outside, 'victim'), join(tree.root, 'f'))
  expect(treeCalls.openDirectory(tree.fd, bytes('d'))).toBeUndefined()
  expect(treeCalls.openFileAt(tree.fd, bytes('f'))).toBeUndefined()
  expect(treeCalls.createFile(tree.fd, bytes('f'))).toBeUndefined()
  expect(treeCalls.openDirectory(tree.fd, bytes('none'))).toBeUndefined()
})

test('functions that create a name return whether it was free', () => {
  using tree = new Tree()
  const [name, target] = [bytes('x'), bytes('target')]
  expect(treeCalls.makeSymlink(tree.fd, name, target)).toBe(true)
  expect(treeCalls.makeSymlink(tree.fd, name, target)).toBe(false)
  expect(treeCalls.makeDirectory(tree.fd, name)).toBe(false)
  expect(treeCalls.makeHardlink(tree.fd, name, { dir: tree.fd, name })).toBe(false)
  expect(treeCalls.makeHardlink(tree.fd, bytes('y'), { dir: tree.fd, name })).toBe(true)
  expect(treeCalls.makeSpecial(tree.fd, name, { type: 'fifo', major: 0, minor: 0 })).toBe(false)
  expect(treeCalls.makeSpecial(tree.fd, bytes('z'), { type: 'fifo', major: 0, minor: 0 })).toBe(
    true,
  )
  expect(Buffer.from(treeCalls.readSymlink(tree.fd, bytes('y'))).toString()).toBe('target')
  expect(treeCalls.entryStatus(tree.fd, name)?.identity).toBe(
    treeCalls.entryStatus(tree.fd, bytes('y'))?.identity ?? '',
  )
})

test('listDirectory() lists any number of names, byte for byte', () => {
  using tree = new Tree()
  const names = Array.from({ length: 3000 }, (_, i) => `${'n'.repeat(i % 200)}${i}`)
  for (const name of names) writeFileSync(join(tree.root, name), '')
  mkdirSync(Buffer.concat([bytes(`${tree.root}/`), Uint8Array.of(0xff, 0x0a)]))
  const fd = treeCalls.openRoot(tree.root)
  const listed = treeCalls.listDirectory(fd)
  treeCalls.closeDescriptor(fd)
  const raw = listed.map(({ name }) => Buffer.from(name).toString('latin1')).sort()
  expect(raw).toEqual([...names, '\xff\n'].sort())
  expect(listed.filter(({ type }) => type === 4)).toHaveLength(1)
})

test('removeTree() removes a tree and no target of a link in it', () => {
  using tree = new Tree()
  mkdirSync(join(tree.root, 'd/e/f'), { recursive: true })
  symlinkSync(tree.outside, join(tree.root, 'd/e/link'))
  writeFileSync(join(tree.root, 'd/e/f/x'), '')
  expect(treeCalls.removeTree(tree.fd, bytes('d'))).toBe(true)
  expect(treeCalls.removeTree(tree.fd, bytes('d'))).toBe(false)
  expect(readdirSync(tree.root)).toEqual([])
  expect(readdirSync(tree.outside)).toEqual(['victim'])
})

test('setMode(), setTime() and setSize() change the open file', () => {
  using tree = new Tree()
  const fd = treeCalls.createFile(tree.fd, bytes('f')) ?? -1
  treeCalls.setMode(fd, 0o6751)
  treeCalls.setSize(fd, 5_000_000_000)
  treeCalls.setTime(fd, -2, 5)
  const expected = { mode: 0o106751, size: 5_000_000_000, links: 1, mtime: -2, mtimeNanoseconds: 5 }
  expect(treeCalls.entryStatus(fd)).toMatchObject(expected)
  treeCalls.closeDescriptor(fd)
  expect(treeCalls.entryStatus(tree.fd, bytes('none'))).toBeUndefined()
})

test('setPlaceMode() changes a file that cannot be opened, and setTimeAt() a link itself', () => {
  using tree = new Tree()
  treeCalls.makeSpecial(tree.fd, bytes('fifo'), { type: 'fifo', major: 0, minor: 0 })
  const fd = treeCalls.openPlace(tree.fd, bytes('fifo')) ?? -1
  treeCalls.setPlaceMode(fd, 0o622)
  treeCalls.closeDescriptor(fd)
  expect(lstatSync(join(tree.root, 'fifo')).mode).toBe(0o10622)
  symlinkSync(join(tree.outside, 'victim'), join(tree.root, 'l'))
  const before = lstatSync(join(tree.outside, 'victim')).mtimeMs
  treeCalls.setTimeAt(tree.fd, bytes('l'), { seconds: 7, nanoseconds: 0 })
  expect(lstatSync(join(tree.root, 'l')).mtimeMs).toBe(7000)
  expect(lstatSync(join(tree.outside, 'victim')).mtimeMs).toBe(before)
})

test('attributes are set, listed and read, including empty ones', () => {
  using tree = new Tree()
  const fd = treeCalls.createFile(tree.fd, bytes('f')) ?? -1
  expect(treeCalls.listAttributes(fd)).toEqual([])
  treeCalls.setAttribute(fd, bytes('user.a'), Uint8Array.of(0, 255))
  treeCalls.setAttribute(fd, bytes('user.empty'), new Uint8Array(0))
  const names = treeCalls.listAttributes(fd).map((name) => Buffer.from(name).toString())
  expect(names.sort()).toEqual(['user.a', 'user.empty'])
  expect(treeCalls.readAttribute(fd, bytes('user.a'))).toEqual(Uint8Array.of(0, 255))
  expect(treeCalls.readAttribute(fd, bytes('user.empty'))).toEqual(new Uint8Array(0))
  expect(treeCalls.readAttribute(fd, bytes('user.none'))).toBeUndefined()
  treeCalls.closeDescriptor(fd)
})
