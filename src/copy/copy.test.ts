import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { containerAt, copy, localAt } from './testing/trees.ts'

const isRoot = process.getuid?.() === 0
let base = ''
let root = ''
let home = ''

beforeEach(() => {
  base = mkdtempSync(`${tmpdir()}/strake-copy-`)
  root = `${base}/root`
  home = `${base}/home`
  mkdirSync(`${root}/tmp`, { recursive: true })
  mkdirSync(`${home}/dir/sub`, { recursive: true })
  writeFileSync(`${home}/file`, 'file')
  writeFileSync(`${home}/dir/inner`, 'inner')
  writeFileSync(`${home}/dir/sub/deep`, 'deep')
})

afterEach(() => rmSync(base, { recursive: true, force: true }))

/** Paths of files below a directory; a directory ends in a slash. Links are not followed. */
function listing(directory: string, prefix = ''): readonly string[] {
  return readdirSync(directory, { withFileTypes: true })
    .flatMap((entry) => {
      const path = `${prefix}${entry.name}`
      if (!entry.isDirectory()) return [path]
      return [`${path}/`, ...listing(`${directory}/${entry.name}`, `${path}/`)]
    })
    .sort()
}

/** Makes what the target of a row needs, in the directory that the copy is made in. */
const before: Readonly<Record<string, (directory: string) => void>> = {
  nothing: () => {},
  'a file': (directory) => writeFileSync(`${directory}/to`, 'old'),
  'a directory': (directory) => mkdirSync(`${directory}/to`),
  'a link to a directory': (directory) => {
    mkdirSync(`${directory}/real`)
    symlinkSync('real', `${directory}/to`)
  },
  'a link to a file': (directory) => {
    writeFileSync(`${directory}/real`, 'old')
    symlinkSync('real', `${directory}/to`)
  },
  'a link to nothing': (directory) => symlinkSync('real', `${directory}/to`),
}

const inner = ['inner', 'sub/', 'sub/deep']
const below = (name: string): readonly string[] => [
  `${name}/`,
  ...inner.map((one) => `${name}/${one}`),
]

/** What `docker cp SOURCE TARGET` does where the target is this. A text is the message of a refusal. */
const rows: readonly (readonly [
  source: string,
  there: string,
  target: string,
  expected: readonly string[] | string,
])[] = [
  ['file', 'nothing', 'to', ['to']],
  ['file', 'nothing', 'to/', 'there is no such directory'],
  ['file', 'nothing', 'to/.', 'there is no such directory'],
  ['file', 'nothing', 'none/to', 'there is no such directory'],
  ['file', 'a file', 'to', ['to']],
  ['file', 'a file', 'to/', 'it is not a directory'],
  ['file', 'a directory', 'to', ['to/', 'to/file']],
  ['file', 'a directory', 'to/', ['to/', 'to/file']],
  ['file', 'a directory', 'to/.', ['to/', 'to/file']],
  ['file', 'a link to a directory', 'to', ['real/', 'real/file', 'to']],
  ['file', 'a link to a file', 'to', ['real', 'to']],
  ['file', 'a link to nothing', 'to', ['real', 'to']],
  ['file/', 'nothing', 'to', 'it is not a directory'],
  ['file/.', 'nothing', 'to', 'it is not a directory'],
  ['none', 'nothing', 'to', 'there is no such file or directory'],
  ['dir', 'nothing', 'to', below('to')],
  ['dir', 'nothing', 'to/', below('to')],
  ['dir/.', 'nothing', 'to', below('to')],
  ['dir', 'nothing', 'none/to', 'there is no such directory'],
  ['dir', 'a file', 'to', 'that is a file'],
  ['dir/.', 'a file', 'to', 'that is a file'],
  ['dir', 'a directory', 'to', ['to/', ...below('to/dir')]],
  ['dir/', 'a directory', 'to', ['to/', ...below('to/dir')]],
  ['dir/.', 'a directory', 'to', below('to')],
  ['dir/.', 'a directory', 'to/.', below('to')],
  ['dir/sub/..', 'a directory', 'to', ['to/', ...below('to/dir')]],
  ['dir', 'a link to a directory', 'to', ['real/', ...below('real/dir'), 'to']],
  ['dir', 'a link to nothing', 'to', [...below('real'), 'to']],
]

describe.each(rows)('%s to %s at %s', (source, there, target, expected) => {
  for (const direction of ['to', 'from'] as const) {
    test(`is copied ${direction} a container by the rules of docker cp`, async () => {
      const [from, to] = direction === 'to' ? [home, `${root}/tmp`] : [`${root}/tmp`, `${base}/out`]
      if (direction === 'from') {
        execFileSync('cp', ['-a', `${home}/.`, from])
        mkdirSync(to)
      }
      before[there]?.(to)
      using local = localAt(direction === 'to' ? home : to)
      using container = containerAt(root)
      const [one, other] =
        direction === 'to'
          ? [
              { tree: local, path: source },
              { tree: container, path: `/tmp/${target}` },
            ]
          : [
              { tree: container, path: `/tmp/${source}` },
              { tree: local, path: target },
            ]
      const copying = copy(one, other)
      if (typeof expected === 'string') {
        await expect(copying).rejects.toThrow(expected)
        return
      }
      await copying
      expect(listing(to)).toEqual([...expected].sort())
      const file = expected.find(
        (path) => !path.endsWith('/') && !lstatSync(`${to}/${path}`).isSymbolicLink(),
      )
      expect(readFileSync(`${to}/${file}`, 'utf8')).toBe(
        source.startsWith('file') ? 'file' : 'inner',
      )
    })
  }
})

test('a link is copied as a link, and with follow as the file, under its own name', async () => {
  symlinkSync('/etc/target', `${root}/tmp/link`)
  mkdirSync(`${root}/etc`)
  writeFileSync(`${root}/etc/target`, 'in the container')
  mkdirSync(`${base}/out`)
  using container = containerAt(root)
  using local = localAt(`${base}/out`)
  await copy({ tree: container, path: '/tmp/link' }, { tree: local, path: 'plain' })
  expect(readlinkSync(`${base}/out/plain`)).toBe('/etc/target')
  await copy({ tree: container, path: '/tmp/link', follow: true }, { tree: local, path: '.' })
  expect(readFileSync(`${base}/out/link`, 'utf8')).toBe('in the container')
})

test('a directory never replaces a file, and a file never a directory', async () => {
  mkdirSync(`${root}/tmp/dir/inner`, { recursive: true })
  using local = localAt(home)
  using container = containerAt(root)
  const to = { tree: container, path: '/tmp' }
  await expect(copy({ tree: local, path: 'dir' }, to)).rejects.toThrow(
    'Cannot copy dir/inner: a file cannot replace a directory',
  )
  rmSync(`${root}/tmp/dir`, { recursive: true })
  mkdirSync(`${root}/tmp/dir`)
  symlinkSync('/tmp', `${root}/tmp/dir/sub`)
  await expect(copy({ tree: local, path: 'dir' }, to)).rejects.toThrow(
    'Cannot copy dir/sub: a directory cannot replace a file',
  )
})

test('a copy keeps modes, times, hard links, holes and odd names', async () => {
  const odd = Buffer.from(`${home}/dir/\xff\n-rf`, 'latin1')
  writeFileSync(odd, 'odd')
  execFileSync('ln', [`${home}/dir/inner`, `${home}/dir/second`])
  execFileSync('truncate', ['-s', '50M', `${home}/dir/sparse`])
  execFileSync('sh', ['-c', `printf end | dd of=${home}/dir/sparse bs=1 seek=30M conv=notrunc`], {
    stdio: 'ignore',
  })
  chmodSync(`${home}/dir/sub`, 0o1750)
  execFileSync('touch', ['-d', '2001-02-03 04:05:06.789', `${home}/dir/inner`, `${home}/dir/sub`])
  using local = localAt(home)
  using container = containerAt(root)
  await copy({ tree: local, path: 'dir' }, { tree: container, path: '/tmp' })
  const made = `${root}/tmp/dir`
  expect(lstatSync(`${made}/second`).ino).toBe(lstatSync(`${made}/inner`).ino)
  expect(lstatSync(`${made}/inner`).mtimeMs).toBe(lstatSync(`${home}/dir/inner`).mtimeMs)
  expect(lstatSync(`${made}/sub`).mode & 0o7777).toBe(0o1750)
  expect(lstatSync(`${made}/sub`).mtimeMs).toBe(lstatSync(`${home}/dir/sub`).mtimeMs)
  expect(lstatSync(`${made}/sparse`).blocks).toBeLessThan(1000)
  execFileSync('cmp', [`${made}/sparse`, `${home}/dir/sparse`])
  expect(readFileSync(Buffer.from(`${made}/\xff\n-rf`, 'latin1'), 'utf8')).toBe('odd')
})

test('a directory cannot be copied into itself', async () => {
  mkdirSync(`${root}/tmp/a/b`, { recursive: true })
  using container = containerAt(root)
  const copying = copy({ tree: container, path: '/tmp/a' }, { tree: container, path: '/tmp/a/b' })
  await expect(copying).rejects.toThrow(
    'the copy would be made inside the directory that is copied',
  )
})

test('a read-only container is not written to', async () => {
  using local = localAt(home)
  using container = containerAt(root, true)
  for (const path of ['file', 'dir']) {
    const copying = copy({ tree: local, path }, { tree: container, path: '/tmp' })
    await expect(copying).rejects.toThrow('Cannot copy to /tmp: it is read-only in the container')
  }
  expect(readdirSync(`${root}/tmp`)).toEqual([])
})

describe.skipIf(!isRoot)('as root', () => {
  test('a copy keeps owners, or gives every file one owner', async () => {
    execFileSync('chown', ['-R', '5:6', `${home}/dir`])
    using local = localAt(home)
    using container = containerAt(root)
    const from = { tree: local, path: 'dir' }
    await copy(from, { tree: container, path: '/tmp' })
    expect(lstatSync(`${root}/tmp/dir/sub/deep`)).toMatchObject({ uid: 5, gid: 6 })
    await copy(from, { tree: container, path: '/tmp' }, { owner: { uid: 7, gid: 8 } })
    expect(lstatSync(`${root}/tmp/dir/sub/deep`)).toMatchObject({ uid: 7, gid: 8 })
    expect(lstatSync(`${root}/tmp/dir`)).toMatchObject({ uid: 7, gid: 8 })
  })

  test('a plain copy has no device, no setuid bit and no capability', async () => {
    const from = `${root}/tmp/dir`
    mkdirSync(from)
    execFileSync('mknod', [`${from}/null`, 'c', '1', '3'])
    execFileSync('mkfifo', [`${from}/pipe`])
    writeFileSync(`${from}/program`, '')
    chmodSync(`${from}/program`, 0o6755)
    const capability = '0x0100000200200000000000000000000000000000'
    execFileSync('setfattr', ['-n', 'security.capability', '-v', capability, `${from}/program`])
    mkdirSync(`${base}/out`)
    using container = containerAt(root)
    using local = localAt(`${base}/out`)
    const [one, other] = [
      { tree: container, path: '/tmp/dir' },
      { tree: local, path: '.' },
    ]
    const warnings = await copy(one, other, { isPlain: true, owner: { uid: 0, gid: 0 } })
    expect(warnings).toEqual(['The device dir/null is left out'])
    const made = `${base}/out/dir`
    expect(readdirSync(made).sort()).toEqual(['pipe', 'program'])
    expect(lstatSync(`${made}/program`).mode & 0o7777).toBe(0o755)
    expect(execFileSync('getfattr', ['-d', '-m', '-', `${made}/program`]).toString()).toBe('')
    await copy(one, other)
    expect(lstatSync(`${made}/program`).mode & 0o7777).toBe(0o6755)
    expect(existsSync(`${made}/null`)).toBe(true)
  })
})
