import { afterAll, beforeAll, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { ContainerView } from './container-view.ts'
import * as user from './user.ts'
import { checkUserTables } from './user-table.ts'

let root = ''

beforeAll(() => {
  root = mkdtempSync(`${tmpdir()}/strake-user-`)
  mkdirSync(`${root}/etc`)
})

afterAll(() => rmSync(root, { recursive: true, force: true }))

function resolveUser(...[path, spec, options]: [string, string, user.ResolveUserOptions?]) {
  using view = ContainerView.ofDirectory(path)
  return user.resolveUser(view, spec, options)
}

function image(passwd: string, group = ''): void {
  rmSync(`${root}/etc/passwd`, { force: true })
  writeFileSync(`${root}/etc/passwd`, passwd)
  writeFileSync(`${root}/etc/group`, group)
}

test('resolveUser() finds ids, home and all groups of a name', () => {
  image('root:x:0:0::/root:\nann:x:7:8::/home/ann:\n', 'g:x:8:\nwheel:x:10:bob,ann\nx:x:11:anna\n')
  const ann = { uid: 7, gid: 8, additionalGids: [8, 10], home: '/home/ann' }
  expect(resolveUser(root, 'ann')).toEqual(ann)
  expect(resolveUser(root, '7')).toEqual(ann)
  expect(resolveUser(root, '')).toEqual({ uid: 0, gid: 0, additionalGids: [0], home: '/root' })
  expect(resolveUser(root, 'ann:wheel')).toMatchObject({ gid: 10, additionalGids: [10] })
  expect(resolveUser(root, '5:6', { groupAdd: ['wheel', '77'] })).toEqual({
    uid: 5,
    gid: 6,
    additionalGids: [6, 10, 77],
    home: '/',
  })
})

test('resolveUser() reads digits as an ID, never as a name', () => {
  image('1000:x:0:0::/root:\n')
  expect(resolveUser(root, '1000')).toMatchObject({ uid: 1000, gid: 0, home: '/' })
})

test('resolveUser() refuses IDs that would wrap and unlisted names', () => {
  image('root:x:0:0::/root:\n')
  expect(() => resolveUser(root, '4294967296')).toThrow('Cannot use id 4294967296')
  expect(() => resolveUser(root, '2147483648:0')).toThrow('Cannot use id 2147483648')
  expect(() => resolveUser(root, 'ann')).toThrow(
    "unable to find user ann in the image's /etc/passwd",
  )
  expect(() => resolveUser(root, '0:ann')).toThrow('Cannot run in group ann')
})

for (const name of ['passwd', 'group']) {
  test(`resolveUser() reads /etc/${name} only if it is a regular file of bounded size`, () => {
    using view = ContainerView.ofDirectory(root)
    const file = `${root}/etc/${name}`
    const who = name === 'passwd' ? 'ann' : '0:staff'
    const refuses = (reason: string): void => {
      for (const work of [() => user.resolveUser(view, who), () => checkUserTables(view)]) {
        expect(work).toThrow(`/etc/${name} of the container`)
        expect(work).toThrow(reason)
      }
      rmSync(file, { recursive: true })
    }
    image('')
    truncateSync(file, 10 * 1024 * 1024 + 1)
    refuses('it is larger than 10 MiB')
    mkdirSync(file)
    refuses('it is not a regular file')
    expect(Bun.spawnSync(['mkfifo', file]).exitCode).toBe(0)
    refuses('it is not a regular file')
    symlinkSync(name, file)
    refuses('too many links')
    Bun.spawnSync(['mkfifo', `${root}/etc/pipe`])
    symlinkSync('/etc/pipe', file)
    refuses('it is not a regular file')
    rmSync(`${root}/etc/pipe`)
    if (process.getuid?.() === 0) {
      for (const minor of [5, 3]) {
        expect(Bun.spawnSync(['mknod', file, 'c', '1', String(minor)]).exitCode).toBe(0)
        refuses('it is not a regular file')
      }
    }
    expect(() => checkUserTables(view)).not.toThrow()
  })
}

test('resolveUser() follows links of the image only inside the root', () => {
  image('')
  mkdirSync(`${root}/usr/share`, { recursive: true })
  writeFileSync(`${root}/usr/share/users`, 'ann:x:7:8::/home/ann:\n')
  for (const link of ['/usr/share/users', '../usr/share/users', '../../../usr/share/users']) {
    rmSync(`${root}/etc/passwd`)
    symlinkSync(link, `${root}/etc/passwd`)
    expect(resolveUser(root, 'ann')).toMatchObject({ uid: 7, gid: 8 })
  }
  rmSync(`${root}/etc/passwd`)
  symlinkSync('/etc/nothing', `${root}/etc/passwd`)
  expect(resolveUser(root, '5')).toMatchObject({ uid: 5, gid: 0 })
  expect(() => resolveUser(root, 'ann')).toThrow('unable to find user ann')
  rmSync(`${root}/etc/passwd`)
})

test('resolveUser() needs no files for IDs', () => {
  rmSync(`${root}/etc`, { recursive: true })
  expect(resolveUser(root, '12:34')).toMatchObject({ uid: 12, gid: 34 })
  mkdirSync(`${root}/etc`)
})
