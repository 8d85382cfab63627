import { expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { findRoots } from './roots.ts'

test('findRoots() uses the system directories for root', () => {
  expect(findRoots({ env: {}, uid: 0 })).toEqual({ root: '/var/lib/strake', run: '/run/strake' })
})

test('findRoots() uses the home and runtime directories for other users', () => {
  const env = { HOME: '/home/me', XDG_RUNTIME_DIR: '/run/user/7' }
  expect(findRoots({ env, uid: 7 })).toEqual({
    root: '/home/me/.local/share/strake',
    run: '/run/user/7/strake',
  })
})

test('findRoots() prefers options to the environment', () => {
  const env = { STRAKE_ROOT: '/a', STRAKE_RUN: '/b' }
  expect(findRoots({ env, uid: 0 })).toEqual({ root: '/a', run: '/b' })
  expect(findRoots({ env, uid: 0, root: '/c' })).toEqual({ root: '/c', run: '/b' })
})

test('findRoots() keeps the run directory of a user without a runtime directory in the store', () => {
  expect(findRoots({ env: { HOME: '/home/me' }, uid: 7 })).toEqual({
    root: '/home/me/.local/share/strake',
    run: '/home/me/.local/share/strake/run',
  })
})

test('findRoots() returns different run directories, outside the usual one, for two other stores', () => {
  const usual = findRoots({ env: {}, uid: 0 })
  const one = findRoots({ env: {}, uid: 0, root: '/one' })
  const two = findRoots({ env: {}, uid: 0, root: '/two' })
  expect(one.run).not.toBe(two.run)
  expect(one.run).toStartWith('/run/')
  for (const { run } of [one, two]) expect(run.startsWith(`${usual.run}/`)).toBe(false)
})

test('findRoots() resolves links, also above an absent directory', () => {
  const base = realpathSync(mkdtempSync(`${tmpdir()}/strake-roots-`))
  try {
    mkdirSync(`${base}/real/store`, { recursive: true })
    symlinkSync('real', `${base}/link`)
    const asked = { env: {}, uid: 0, root: `${base}/link/store` }
    const direct = findRoots({ ...asked, root: `${base}/real/store` })
    expect(findRoots(asked)).toEqual(direct)
    expect(direct.root).toBe(`${base}/real/store`)
    expect(findRoots({ ...asked, run: `${base}/link/a/b` }).run).toBe(`${base}/real/a/b`)
  } finally {
    rmSync(base, { recursive: true })
  }
})
