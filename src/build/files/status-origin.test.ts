import { afterAll, describe, expect, test } from 'bun:test'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, utimesSync, writeFileSync } from 'node:fs'
import { mkdtempDisposable } from '#platform'
import { lookUp } from './node.ts'
import { type StatusOrigin, statusOrigin } from './status-origin.ts'

const directory = await mkdtempDisposable('/dev/shm', 'strake-origin-')
afterAll(() => directory[Symbol.asyncDispose]())
const { path } = directory

function originOf(context: string, cacheFiles: string): StatusOrigin | undefined {
  const top = lookUp(context, '', '')
  if (top === undefined) throw new Error('the context is not there')
  return statusOrigin(top, context, cacheFiles)
}

test('statusOrigin() has one name for a file system that also has the cache files', () => {
  mkdirSync(`${path}/context/below`, { recursive: true })
  const origin = originOf(`${path}/context`, `${path}/to/be/made`)
  expect(origin?.name).toMatch(/^tmpfs \d+ with the memory$/)
  expect(originOf(`${path}/context/below`, path)?.name).toBe(origin?.name ?? '')
})

test('statusOrigin() names the mount and the boot if the cache files are on another file system', () => {
  expect(originOf(path, '/proc/nowhere')?.name).toMatch(
    /^tmpfs \d+ mount \d+ of boot [-0-9a-f]{36}$/,
  )
})

test('statusOrigin() covers files of one mount only', () => {
  const origin = originOf(path, path)
  const [top, proc] = [lookUp(path, '', ''), lookUp('/proc', '', '')]
  if (top === undefined || proc === undefined) throw new Error('nothing is mounted')
  expect(origin?.covers(top)).toBe(true)
  expect(origin?.covers({ ...top, mount: top.mount + 1 })).toBe(false)
  expect(origin?.covers(proc)).toBe(false)
})

test('statusOrigin() is undefined where a program or a server may set times', () => {
  expect(originOf('/proc', path)).toBeUndefined()
  expect(originOf('/sys', path)).toBeUndefined()
})

/** Why disk images cannot be made and mounted here, if they cannot. */
function reasonWithoutImages(): string | undefined {
  if (process.getuid?.() !== 0) return 'it needs root'
  if (!existsSync('/dev/loop-control')) return 'it needs loop devices'
  const missing = ['mkfs.ext4', 'debugfs', 'mkfs.erofs', 'unshare'].find(
    (name) => Bun.which(name, { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' }) === null,
  )
  return missing === undefined ? undefined : `it needs ${missing}`
}

function run(program: string, ...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr}`)
  return stdout
}

function filesFor(name: string, text: string): string {
  const files = `${path}/${name}.files`
  mkdirSync(files)
  writeFileSync(`${files}/file`, text)
  utimesSync(`${files}/file`, 1_600_000_000, 1_600_000_000)
  return files
}

/** Two disk images that differ in the bytes of `/file` and not in its status. */
function ext4Image(name: string, text: string): string {
  const image = `${path}/${name}.ext4`
  run('mkfs.ext4', '-q', '-d', filesFor(name, text), image, '4M')
  for (const field of ['ctime', 'mtime']) {
    run('debugfs', '-w', '-R', `set_inode_field /file ${field} @1600000000`, image)
    run('debugfs', '-w', '-R', `set_inode_field /file ${field}_extra 0`, image)
  }
  return image
}

function erofsImage(name: string, text: string): string {
  const image = `${path}/${name}.erofs`
  run('mkfs.erofs', '-T1600000000', '--all-root', image, filesFor(name, text))
  return image
}

const reason = reasonWithoutImages()

describe.skipIf(reason !== undefined)(`disk images at one path (${reason ?? 'mounted'})`, () => {
  const program = new URL('../testing/mounted-builds.ts', import.meta.url).pathname

  function build(options: string, images: readonly string[]): unknown {
    const mountPoint = `${path}/mount point`
    mkdirSync(mountPoint, { recursive: true })
    const args = ['--mount', '--propagation', 'private', process.execPath, program]
    return JSON.parse(run('unshare', ...args, mountPoint, options, ...images))
  }

  test('build() uses the status of files on one mount, and not of another file system at the same path', () => {
    const images = [ext4Image('first', 'one'), ext4Image('second', 'two')]
    expect(build('loop,noatime', images)).toEqual([
      { file: 'file 644 0:0 "one"', state: 'done' },
      { file: 'file 644 0:0 "one"', state: 'cached' },
      { file: 'file 644 0:0 "two"', state: 'done' },
      { file: 'file 644 0:0 "two"', state: 'cached' },
    ])
  })

  test('build() reads the files of a read-only image every time', () => {
    const images = [erofsImage('third', 'one'), erofsImage('fourth', 'two')]
    expect(build('loop,ro', images)).toEqual([
      { file: 'file 644 0:0 "one"', state: 'done' },
      { file: 'file 644 0:0 "one"', state: 'cached' },
      { file: 'file 644 0:0 "two"', state: 'done' },
      { file: 'file 644 0:0 "two"', state: 'cached' },
    ])
  })
})
