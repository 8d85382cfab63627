import { afterAll, expect, test } from 'bun:test'
import { lstatSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { openBeneath, readFully } from '../call/read-file.ts'
import { mkdtempDisposable } from './files.ts'
import { closeDescriptor, openRoot } from './root-entries.ts'
import { setTime } from './root-metadata.ts'
import { type ScannedStatus, scanDescriptor, scanDirectory, scanPath } from './scan.ts'

const directory = await mkdtempDisposable(tmpdir(), 'strake-scan-')
afterAll(() => directory[Symbol.asyncDispose]())
const { path } = directory

function scan(of: string): Map<string, ScannedStatus> {
  const found = new Map<string, ScannedStatus>()
  const fd = openBeneath(rootOf(of), '')
  scanDirectory(fd, (name, status) => {
    found.set(typeof name === 'string' ? name : `bytes ${Buffer.from(name).toString('latin1')}`, {
      ...status,
    })
  })
  closeDescriptor(fd)
  return found
}

const roots: number[] = []
afterAll(() => {
  for (const root of roots) closeDescriptor(root)
})

function rootOf(of: string): number {
  const fd = openRoot(of)
  roots.push(fd)
  return fd
}

/** The status that Node returns for the same file. */
function expected(of: string): Partial<ScannedStatus> {
  const status = lstatSync(of, { bigint: true })
  return {
    mode: Number(status.mode),
    size: Number(status.size),
    mtime: Number(status.mtimeNs / 1_000_000_000n),
    mtimeNanoseconds: Number(status.mtimeNs % 1_000_000_000n),
    ctime: Number(status.ctimeNs / 1_000_000_000n),
    ctimeNanoseconds: Number(status.ctimeNs % 1_000_000_000n),
    inodeLow: Number(status.ino & 0xffffffffn),
    inodeHigh: Number(status.ino >> 32n),
  }
}

test('scanDirectory() finds every name with the status of lstat', () => {
  mkdirSync(`${path}/all/d`, { recursive: true })
  writeFileSync(`${path}/all/f`, 'twelve bytes', { mode: 0o4751 })
  symlinkSync('nowhere', `${path}/all/l`)
  writeFileSync(`${path}/all/..hidden`, '')
  const found = scan(`${path}/all`)
  expect([...found.keys()].sort()).toEqual(['..hidden', 'd', 'f', 'l'])
  for (const [name, status] of found) {
    expect(status).toMatchObject(expected(`${path}/all/${name}`))
  }
})

test('scanDirectory() passes names that are not ASCII as bytes', () => {
  mkdirSync(`${path}/names`)
  writeFileSync(`${path}/names/café`, '')
  writeFileSync(Buffer.from(`${path}/names/\xff`, 'latin1'), '')
  expect([...scan(`${path}/names`).keys()].sort()).toEqual(['bytes caf\xc3\xa9', 'bytes \xff'])
})

test('scanDirectory() reads a directory larger than its buffer', () => {
  mkdirSync(`${path}/many`)
  const names = Array.from({ length: 1500 }, (_, index) => `${'n'.repeat(60)}${index}`)
  for (const name of names) writeFileSync(`${path}/many/${name}`, '')
  expect([...scan(`${path}/many`).keys()].sort()).toEqual(names.sort())
})

test('scanPath() and scanDescriptor() return times before 1970, and scanPath() undefined for an absent path', () => {
  writeFileSync(`${path}/old`, '')
  const fd = openBeneath(rootOf(path), 'old')
  setTime(fd, -2, 5)
  expect(scanPath(`${path}/old`)).toMatchObject({ mtime: -2, mtimeNanoseconds: 5 })
  expect(scanPath(`${path}/none`)).toBeUndefined()
  expect(scanPath(`${path}/old/below`)).toBeUndefined()
  expect(scanDescriptor(fd).mtime).toBe(-2)
  closeDescriptor(fd)
})

test('openBeneath() follows no link and does not leave its root', () => {
  mkdirSync(`${path}/box/in`, { recursive: true })
  writeFileSync(`${path}/box/in/f`, 'inside')
  symlinkSync('in', `${path}/box/way`)
  const root = rootOf(`${path}/box`)
  const fd = openBeneath(root, 'in/f')
  const target = new Uint8Array(10)
  expect(readFully(fd, target, 2)).toBe(4)
  expect(Buffer.from(target.subarray(0, 4)).toString()).toBe('side')
  closeDescriptor(fd)
  expect(() => openBeneath(root, 'way/f')).toThrow('ELOOP')
  expect(() => openBeneath(root, '../old')).toThrow('ENOENT')
  expect(() => openBeneath(root, 'x'.repeat(9000))).toThrow('ENAMETOOLONG')
})
