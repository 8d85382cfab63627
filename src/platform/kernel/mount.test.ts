import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { makePrivate, mountBind, mountTmpfs, unmount } from './mount.ts'
import { isMountPoint, mountOf, mountsBelow, parseMountInfo } from './mountinfo.ts'
import { mountOverlay, mountOverlayLegacy } from './overlay.ts'

const isRoot = process.getuid?.() === 0
const root = `${tmpdir()}/strake-mount-test-${process.pid}`
const directory = (name: string, files: Record<string, string> = {}): string => {
  const path = `${root}/${name}`
  mkdirSync(path, { recursive: true })
  for (const [file, text] of Object.entries(files)) writeFileSync(`${path}/${file}`, text)
  return path
}

beforeAll(() => mkdirSync(root, { recursive: true }))
afterAll(() => {
  for (const { target } of mountsBelow(root)) unmount(target, { detach: true })
  rmSync(root, { recursive: true })
})

test('parseMountInfo() decodes escapes and reads propagation', () => {
  const text =
    '36 35 98:0 / /mnt/a\\040b\\134c rw,noatime shared:7 master:1 - ext4 /dev/root rw,errors=continue\n' +
    '37 36 0:5 / /plain rw - tmpfs none rw\n'
  const [first, second] = parseMountInfo(text)
  expect(first?.target).toBe('/mnt/a b\\c')
  expect(first?.shared).toBe(true)
  expect(first?.superOptions).toEqual(['rw', 'errors=continue'])
  expect(second).toMatchObject({ target: '/plain', type: 'tmpfs', shared: false })
})

test('mountOf() returns the mount of a path', () => {
  expect(mountOf('/proc/self/status')?.target).toBe('/proc')
  expect(mountOf('/proc/nowhere')).toBeUndefined()
})

test('unmount() returns false without a mount and for an absent path', () => {
  expect(unmount(directory('plain'))).toBe(false)
  expect(unmount(`${root}/absent`)).toBe(false)
})

describe.skipIf(!isRoot)('mounts (as root)', () => {
  test('mountTmpfs() mounts with size, mode and restrictions, and unmount() unmounts it', () => {
    const target = directory('memory')
    mountTmpfs(target, { size: 1 << 20, mode: 0o750, noSuid: true, noDev: true })
    expect(isMountPoint(target)).toBe(true)
    expect(statSync(target).mode & 0o777).toBe(0o750)
    const [entry] = mountsBelow(target)
    expect(entry).toMatchObject({ target, type: 'tmpfs', shared: false })
    expect(entry?.options).toContain('nosuid')
    expect(entry?.superOptions).toContain('size=1024k')
    expect(unmount(target)).toBe(true)
    expect(isMountPoint(target)).toBe(false)
  })

  test('mountsBelow() lists the deepest mount first and decodes odd names', () => {
    const target = directory('deep dir')
    mountTmpfs(target)
    mkdirSync(`${target}/in ner`)
    mountTmpfs(`${target}/in ner`)
    expect(mountsBelow(target).map((each) => each.target)).toEqual([`${target}/in ner`, target])
    expect(mountsBelow(`${root}/deep`)).toEqual([])
    for (const each of mountsBelow(target)) expect(unmount(each.target)).toBe(true)
  })

  test('unmount() refuses a mount in use, and detaches it with detach', () => {
    const target = directory('busy')
    mountTmpfs(target)
    mkdirSync(`${target}/x`)
    mountTmpfs(`${target}/x`)
    expect(() => unmount(target)).toThrow('EBUSY')
    expect(unmount(target, { detach: true })).toBe(true)
    expect(mountsBelow(target)).toEqual([])
  })

  test('mountBind() shows the tree and all mounts in it, read-only', () => {
    const source = directory('source', { file: 'hi' })
    mkdirSync(`${source}/inner`, { recursive: true })
    mountTmpfs(`${source}/inner`)
    const target = directory('bound')
    mountBind(source, target, { readOnly: true, noSuid: true })
    expect(readFileSync(`${target}/file`, 'utf8')).toBe('hi')
    expect(() => writeFileSync(`${target}/file`, 'no')).toThrow('EROFS')
    expect(() => writeFileSync(`${target}/inner/new`, 'no')).toThrow('EROFS')
    writeFileSync(`${source}/inner/new`, 'yes')
    makePrivate(target)
    for (const each of mountsBelow(target)) unmount(each.target)
    unmount(`${source}/inner`)
  })

  for (const [name, mount] of [
    ['mountOverlay()', mountOverlay],
    ['mountOverlayLegacy()', mountOverlayLegacy],
  ] as const) {
    test(`${name} merges directories, topmost first, and keeps changes in the upper one`, () => {
      const lower = [
        directory('top,a:b\\c', { both: 'top' }),
        directory('bottom', { both: 'bottom', low: '1' }),
      ]
      const upper = directory(`upper-${mount.name}`)
      const work = directory(`work-${mount.name}`)
      const target = directory(`merged-${mount.name}`)
      mount(target, { lower, upper, work, volatile: true })
      expect(readFileSync(`${target}/both`, 'utf8')).toBe('top')
      rmSync(`${target}/low`)
      writeFileSync(`${target}/new`, 'x')
      expect(readdirSync(upper).sort()).toEqual(['low', 'new'])
      expect(lstatSync(`${upper}/low`).isCharacterDevice()).toBe(true)
      mkdirSync(`${target}/renamed`)
      unmount(target)
    })
  }

  test('mountOverlay() stacks 500 directories under long names and refuses 501', () => {
    const long = 'n'.repeat(240)
    const lower = Array.from({ length: 500 }, (_, at) =>
      directory(`${long}-${at}`, { [`f${at}`]: '' }),
    )
    const target = directory('many')
    mountOverlay(target, { lower })
    expect(readdirSync(target)).toHaveLength(500)
    unmount(target)
    expect(() => mountOverlay(target, { lower: [...lower, root] })).toThrow('501 layers')
    expect(() => mountOverlayLegacy(target, { lower })).toThrow('too many for this kernel')
  })

  test('mountOverlay() names the file system that cannot hold the changes', () => {
    const merged = directory('nested')
    const lower = [directory('nl1'), directory('nl2')]
    mountOverlay(merged, { lower, upper: directory('nu'), work: directory('nw') })
    mkdirSync(`${merged}/u`)
    mkdirSync(`${merged}/w`)
    const target = directory('nested2')
    expect(() =>
      mountOverlay(target, { lower, upper: `${merged}/u`, work: `${merged}/w` }),
    ).toThrow('overlayfs cannot write changes to overlay')
    unmount(merged)
  })
})
