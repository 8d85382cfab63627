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
import * as at from './root.ts'

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
    this.fd = at.openRoot(this.root)
  }

  [Symbol.dispose](): void {
    at.closeDescriptor(this.fd)
    rmSync(this.path, { recursive: true })
  }

  /** Returns the target of `path` below the root; `undefined` for an absent path. */
  resolved(path: string, links: 'follow' | 'refuse' = 'follow'): string | undefined {
    const fd = at.resolveDirectory(this.fd, bytes(path), { links })
    if (fd === undefined) return undefined
    try {
      return Buffer.from(at.locate(fd)).toString().slice(this.root.length)
    } finally {
      at.closeDescriptor(fd)
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
  expect(at.openDirectory(tree.fd, bytes('d'))).toBeUndefined()
  expect(at.openFileAt(tree.fd, bytes('f'))).toBeUndefined()
  expect(at.createFile(tree.fd, bytes('f'))).toBeUndefined()
  expect(at.openDirectory(tree.fd, bytes('none'))).toBeUndefined()
})

test('functions that create a name return whether it was free', () => {
  using tree = new Tree()
  const [name, target] = [bytes('x'), bytes('target')]
  expect(at.makeSymlink(tree.fd, name, target)).toBe(true)
  expect(at.makeSymlink(tree.fd, name, target)).toBe(false)
  expect(at.makeDirectory(tree.fd, name)).toBe(false)
  expect(at.makeHardlink(tree.fd, name, { dir: tree.fd, name })).toBe(false)
  expect(at.makeHardlink(tree.fd, bytes('y'), { dir: tree.fd, name })).toBe(true)
  expect(at.makeSpecial(tree.fd, name, { type: 'fifo', major: 0, minor: 0 })).toBe(false)
  expect(at.makeSpecial(tree.fd, bytes('z'), { type: 'fifo', major: 0, minor: 0 })).toBe(true)
  expect(Buffer.from(at.readSymlink(tree.fd, bytes('y'))).toString()).toBe('target')
  expect(at.entryStatus(tree.fd, name)?.identity).toBe(
    at.entryStatus(tree.fd, bytes('y'))?.identity ?? '',
  )
})

test('listDirectory() lists any number of names, byte for byte', () => {
  using tree = new Tree()
  const names = Array.from({ length: 3000 }, (_, i) => `${'n'.repeat(i % 200)}${i}`)
  for (const name of names) writeFileSync(join(tree.root, name), '')
  mkdirSync(Buffer.concat([bytes(`${tree.root}/`), Uint8Array.of(0xff, 0x0a)]))
  const fd = at.openRoot(tree.root)
  const listed = at.listDirectory(fd)
  at.closeDescriptor(fd)
  const raw = listed.map(({ name }) => Buffer.from(name).toString('latin1')).sort()
  expect(raw).toEqual([...names, '\xff\n'].sort())
  expect(listed.filter(({ type }) => type === 4)).toHaveLength(1)
})

test('removeTree() removes a tree and no target of a link in it', () => {
  using tree = new Tree()
  mkdirSync(join(tree.root, 'd/e/f'), { recursive: true })
  symlinkSync(tree.outside, join(tree.root, 'd/e/link'))
  writeFileSync(join(tree.root, 'd/e/f/x'), '')
  expect(at.removeTree(tree.fd, bytes('d'))).toBe(true)
  expect(at.removeTree(tree.fd, bytes('d'))).toBe(false)
  expect(readdirSync(tree.root)).toEqual([])
  expect(readdirSync(tree.outside)).toEqual(['victim'])
})

test('setMode(), setTime() and setSize() change the open file', () => {
  using tree = new Tree()
  const fd = at.createFile(tree.fd, bytes('f')) ?? -1
  at.setMode(fd, 0o6751)
  at.setSize(fd, 5_000_000_000)
  at.setTime(fd, -2, 5)
  const expected = { mode: 0o106751, size: 5_000_000_000, links: 1, mtime: -2, mtimeNanoseconds: 5 }
  expect(at.entryStatus(fd)).toMatchObject(expected)
  at.closeDescriptor(fd)
  expect(at.entryStatus(tree.fd, bytes('none'))).toBeUndefined()
})

test('setPlaceMode() changes a file that cannot be opened, and setTimeAt() a link itself', () => {
  using tree = new Tree()
  at.makeSpecial(tree.fd, bytes('fifo'), { type: 'fifo', major: 0, minor: 0 })
  const fd = at.openPlace(tree.fd, bytes('fifo')) ?? -1
  at.setPlaceMode(fd, 0o622)
  at.closeDescriptor(fd)
  expect(lstatSync(join(tree.root, 'fifo')).mode).toBe(0o10622)
  symlinkSync(join(tree.outside, 'victim'), join(tree.root, 'l'))
  const before = lstatSync(join(tree.outside, 'victim')).mtimeMs
  at.setTimeAt(tree.fd, bytes('l'), { seconds: 7, nanoseconds: 0 })
  expect(lstatSync(join(tree.root, 'l')).mtimeMs).toBe(7000)
  expect(lstatSync(join(tree.outside, 'victim')).mtimeMs).toBe(before)
})

test('attributes are set, listed and read, including empty ones', () => {
  using tree = new Tree()
  const fd = at.createFile(tree.fd, bytes('f')) ?? -1
  expect(at.listAttributes(fd)).toEqual([])
  at.setAttribute(fd, bytes('user.a'), Uint8Array.of(0, 255))
  at.setAttribute(fd, bytes('user.empty'), new Uint8Array(0))
  const names = at.listAttributes(fd).map((name) => Buffer.from(name).toString())
  expect(names.sort()).toEqual(['user.a', 'user.empty'])
  expect(at.readAttribute(fd, bytes('user.a'))).toEqual(Uint8Array.of(0, 255))
  expect(at.readAttribute(fd, bytes('user.empty'))).toEqual(new Uint8Array(0))
  expect(at.readAttribute(fd, bytes('user.none'))).toBeUndefined()
  at.closeDescriptor(fd)
})
