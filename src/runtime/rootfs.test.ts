import { afterEach, beforeEach, expect, test } from 'bun:test'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { prepareRootfs } from './rootfs.ts'

let base = ''
let root = ''

beforeEach(() => {
  base = mkdtempSync('/dev/shm/strake-rootfs-')
  root = `${base}/root`
  mkdirSync(root)
  mkdirSync(`${base}/outside`)
})

afterEach(() => rmSync(base, { recursive: true, force: true }))

test('prepareRootfs() makes mount points and the working directory', () => {
  prepareRootfs(root, {
    mountPoints: [
      { destination: '/etc/hosts', kind: 'file' },
      { destination: '/data/a', kind: 'directory' },
      { destination: '/data/a/inside', kind: 'file' },
    ],
    cwd: '/work/here',
  })
  expect(readdirSync(root, { recursive: true }).map(String).sort()).toEqual(
    ['data', 'data/a', 'dev', 'etc', 'etc/hosts', 'proc', 'sys', 'work', 'work/here'].sort(),
  )
})

test('prepareRootfs() follows links of the image inside the root only', () => {
  symlinkSync(`${base}/outside`, `${root}/link`)
  expect(() =>
    prepareRootfs(root, { mountPoints: [{ destination: '/link/x', kind: 'directory' }] }),
  ).toThrow('/link of the image: it is a link to nothing')
  symlinkSync('../../../../../', `${root}/up`)
  prepareRootfs(root, { mountPoints: [{ destination: '/up/made', kind: 'directory' }] })
  expect(existsSync(`${root}/made`)).toBe(true)
  expect(readdirSync(base).sort()).toEqual(['outside', 'root'])
  expect(readdirSync(`${base}/outside`)).toEqual([])
})

for (const name of ['dev', 'proc', 'sys']) {
  test(`prepareRootfs() refuses an image whose /${name} is a link or a file`, () => {
    symlinkSync('/', `${root}/${name}`)
    expect(() => prepareRootfs(root)).toThrow(`/${name} of the image is not a directory`)
    rmSync(`${root}/${name}`)
    writeFileSync(`${root}/${name}`, '')
    expect(() => prepareRootfs(root)).toThrow(`/${name} of the image is not a directory`)
  })
}

test('prepareRootfs() refuses a working directory that leads into /proc', () => {
  mkdirSync(`${root}/proc/self/fd/7`, { recursive: true })
  symlinkSync('/proc/self/fd', `${root}/link`)
  expect(() => prepareRootfs(root, { cwd: '/link/7' })).toThrow('it lies in /proc')
})

test('prepareRootfs() refuses /proc/self/fd named outright', () => {
  expect(() => prepareRootfs(root, { cwd: '/proc/self/fd/7' })).toThrow('it lies in /proc')
})

test('MountPoints.remove() takes away only what is still as it was made', () => {
  mkdirSync(`${root}/etc`)
  const points = prepareRootfs(root, {
    mountPoints: [
      { destination: '/etc/hosts', kind: 'file' },
      { destination: '/a', kind: 'directory' },
      { destination: '/b', kind: 'directory' },
      { destination: '/c', kind: 'file' },
    ],
  })
  writeFileSync(`${root}/b/kept`, '')
  rmSync(`${root}/c`)
  writeFileSync(`${base}/outside/c`, '')
  symlinkSync('../outside/c', `${root}/c`)
  points.remove()
  expect(readdirSync(root, { recursive: true }).map(String).sort()).toEqual([
    'b',
    'b/kept',
    'c',
    'etc',
  ])
  expect(existsSync(`${base}/outside/c`)).toBe(true)
})
