import { afterEach, beforeEach, expect, test } from 'bun:test'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import type { RootMount } from './mount.ts'
import { removeMountPoints } from './mount-points.ts'
import { type PrepareRootOptions, prepareRoot } from './prepare-root.ts'

let base = ''
let root = ''

beforeEach(() => {
  base = mkdtempSync(`${tmpdir()}/strake-root-`)
  root = `${base}/root`
  mkdirSync(root)
  mkdirSync(`${base}/outside`)
  writeFileSync(`${base}/file`, '')
})

afterEach(() => rmSync(base, { recursive: true, force: true }))

function prepare(options: Omit<PrepareRootOptions, 'nested'> = {}) {
  using prepared = prepareRoot(root, { ...options, nested: `${base}/nested` })
  const { mounts, cwd, mountPoints } = prepared
  return { cwd, mountPoints, places: mounts.map(({ destination }) => destination) }
}

function directory(destination: string): RootMount {
  return { type: 'bind', source: `${base}/outside`, destination, point: 'directory' }
}

function file(destination: string): RootMount {
  return { type: 'bind', source: `${base}/file`, destination, point: 'file' }
}

function memory(destination: string, ...options: string[]): RootMount {
  return { type: 'tmpfs', source: 'tmpfs', destination, point: 'directory', options }
}

function tree(path = root): string[] {
  return readdirSync(path, { recursive: true }).map(String).sort()
}

test('prepareRoot() creates mount points and the working directory whatever the umask', () => {
  const umask = process.umask(0o077)
  try {
    prepare({ mounts: [file('/etc/hosts'), directory('/data/a')], cwd: '/work/here' })
  } finally {
    process.umask(umask)
  }
  const made = ['data', 'data/a', 'dev', 'etc', 'etc/hosts', 'proc', 'sys', 'work', 'work/here']
  expect(tree()).toEqual(made)
  for (const path of made) {
    const mode = path === 'etc/hosts' ? 0o644 : 0o755
    expect(statSync(`${root}/${path}`).mode & 0o7777).toBe(mode)
  }
})

test('prepareRoot() follows links of the image inside the root, and creates their targets', () => {
  symlinkSync('/usr/outside', `${root}/link`)
  symlinkSync('../../../../../', `${root}/up`)
  mkdirSync(`${root}/var`)
  symlinkSync('/run', `${root}/var/run`)
  symlinkSync('../run/resolve/stub.conf', `${root}/resolv.conf`)
  const { places, cwd } = prepare({
    mounts: [
      directory('/link/x'),
      directory('/up/made'),
      file('/var/run/docker.sock'),
      file('/resolv.conf'),
    ],
    cwd: '/var/run/app',
  })
  expect(places.toSorted()).toEqual([
    '/made',
    '/run/docker.sock',
    '/run/resolve/stub.conf',
    '/usr/outside/x',
  ])
  expect(cwd).toBe('/run/app')
  expect(tree(`${root}/run`)).toEqual(['app', 'docker.sock', 'resolve', 'resolve/stub.conf'])
  expect(tree(`${root}/usr`)).toEqual(['outside', 'outside/x'])
  expect(tree(`${base}/outside`)).toEqual([])
  expect(readdirSync(base).sort()).toEqual(['file', 'outside', 'root'])
})

test('prepareRoot() returns outer mounts first, with their links resolved', () => {
  symlinkSync('/', `${root}/deep`)
  mkdirSync(`${root}/a`)
  const { places } = prepare({ mounts: [memory('/m/b'), directory('/deep/x'), memory('/m')] })
  expect(places).toEqual(['/m', '/m/b', '/x'])
  expect(tree(`${root}/m`)).toEqual([])
})

for (const name of ['dev', 'proc', 'sys']) {
  test(`prepareRoot() refuses an image whose /${name} is a link or a file`, () => {
    mkdirSync(`${root}/other`)
    symlinkSync('/other', `${root}/${name}`)
    expect(() => prepare()).toThrow(`/${name} of the image is not a directory`)
    rmSync(`${root}/${name}`)
    writeFileSync(`${root}/${name}`, '')
    expect(() => prepare()).toThrow(`/${name} of the image is not a directory`)
  })
}

test('prepareRoot() refuses every way to a working directory in /proc', () => {
  mkdirSync(`${root}/proc/self/fd/7`, { recursive: true })
  symlinkSync('/proc/self/fd', `${root}/link`)
  symlinkSync('/dev/fd', `${root}/other`)
  symlinkSync('/proc/self/fd/9', `${base}/outside/inside-volume`)
  const mounts = [directory('/data')]
  for (const cwd of [
    '/proc/self/fd/7',
    '/proc/1/cwd',
    '/dev/fd/8',
    '/dev/stdin',
    '/dev/./fd/../fd/8',
    '/link/7',
    '/other/8',
    '/data/inside-volume',
    '/data/../dev/fd/8',
  ]) {
    expect(() => prepare({ cwd, mounts })).toThrow(
      `Cannot use working directory ${cwd}: it lies in /proc`,
    )
  }
  expect(prepare({ cwd: '/dev/shm' }).cwd).toBe('/dev/shm')
  expect(prepare({ cwd: '/data/new', mounts }).cwd).toBe('/data/new')
  expect(tree(`${base}/outside`)).toEqual(['inside-volume'])
})

test('prepareRoot() refuses a working directory that is a file, and links without an end', () => {
  writeFileSync(`${root}/f`, '')
  symlinkSync('loop', `${root}/loop`)
  expect(() => prepare({ cwd: '/f' })).toThrow('it is not a directory')
  expect(() => prepare({ cwd: '/f/x' })).toThrow('Cannot use /f of the container')
  expect(() => prepare({ cwd: '/loop' })).toThrow('too many links')
})

test('prepareRoot() refuses a mount at / and a file where a directory is to be mounted', () => {
  writeFileSync(`${root}/f`, '')
  mkdirSync(`${root}/d`)
  expect(() => prepare({ mounts: [directory('/')] })).toThrow('Cannot mount at /')
  expect(() => prepare({ mounts: [directory('/f')] })).toThrow('at /f: there is a file')
  expect(() => prepare({ mounts: [file('/d')] })).toThrow('at /d: there is a directory')
})

test('prepareRoot() refuses every way to a mount point in /proc, except the files that LXCFS replaces', () => {
  symlinkSync('/proc/1/cwd', `${root}/link`)
  symlinkSync('proc', `${root}/relative`)
  for (const destination of [
    '/proc/x',
    '/proc/1/root',
    '/proc/self/fd/7/x',
    '/link',
    '/link/x',
    '/relative/x',
    '/dev/fd/7',
    '/proc/../proc/1',
    '/proc/sys',
    '/proc/cpuinfo/x',
  ]) {
    const mounting = (): unknown => prepare({ mounts: [directory(destination)] })
    expect(mounting).toThrow(`at ${destination}: it lies in /proc`)
  }
  const places = ['/proc/cpuinfo', '/proc/sys/kernel/ns_last_pid']
  expect(prepare({ mounts: [...places, '/relative/meminfo'].map(file) }).places).toEqual([
    '/proc/cpuinfo',
    '/proc/meminfo',
    '/proc/sys/kernel/ns_last_pid',
  ])
  const kernel = { ...directory('/proc'), source: '/proc' }
  expect(prepare({ mounts: [kernel] }).places).toEqual(['/proc'])
  for (const other of [directory('/proc'), directory('/relative'), memory('/proc')]) {
    expect(() => prepare({ mounts: [other] })).toThrow(
      `at ${other.destination}: a container needs the files of the kernel in /proc`,
    )
  }
})

test('prepareRoot() refuses a mount without devices at /dev, and a directory over a file of /proc', () => {
  symlinkSync('dev', `${root}/relative`)
  const kernel = { ...directory('/dev'), source: '/dev' }
  expect(prepare({ mounts: [kernel] }).places).toEqual(['/dev'])
  for (const other of [directory('/dev'), directory('/relative'), memory('/dev')]) {
    expect(() => prepare({ mounts: [other] })).toThrow(
      `at ${other.destination}: a container needs the devices in /dev`,
    )
  }
  expect(() => prepare({ mounts: [directory('/proc/stat')] })).toThrow(
    '/proc/stat: there is a file',
  )
})

test('prepareRoot() makes the mount point of a memory file system with its mode', () => {
  const modeOf = (path: string): number => statSync(path).mode & 0o7777
  mkdirSync(`${root}/there`)
  chmodSync(`${root}/there`, 0o711)
  prepare({ mounts: [memory('/open'), memory('/own', 'size=1m', 'mode=700'), memory('/there')] })
  expect(modeOf(`${root}/open`)).toBe(0o1777)
  expect(modeOf(`${root}/own`)).toBe(0o700)
  expect(modeOf(`${root}/there`)).toBe(0o711)
  expect(prepare({ mounts: [memory('/there', 'mode=1770')] }).places).toEqual(['/there', '/there'])
  expect(modeOf(`${root}/there`)).toBe(0o711)
  expect(modeOf(`${base}/nested/mode-1770`)).toBe(0o1770)
})

test('removeMountPoints() removes only unchanged mount points', () => {
  mkdirSync(`${root}/etc`)
  const { mountPoints } = prepare({
    mounts: [file('/etc/hosts'), directory('/a'), directory('/b'), file('/c')],
    cwd: '/work',
  })
  writeFileSync(`${root}/b/kept`, '')
  rmSync(`${root}/c`)
  writeFileSync(`${base}/outside/c`, '')
  symlinkSync('../outside/c', `${root}/c`)
  removeMountPoints(root, mountPoints)
  expect(tree()).toEqual(['b', 'b/kept', 'c', 'etc', 'work'])
  expect(existsSync(`${base}/outside/c`)).toBe(true)
})
