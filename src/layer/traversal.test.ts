import { expect, test } from 'bun:test'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isStrakeError } from '#oci'
import { Arena } from './testing/tree.ts'

const body = Buffer.from('owned')

test.each(['../outside/victim', '../../etc/cron.d/x', 'a/../../outside/victim', '..', './../x'])(
  'applyLayer() refuses the path %p, which leaves the root',
  async (path) => {
    using arena = new Arena()
    const { error } = await arena.apply([
      { path: 'first', body },
      { path, body },
    ])
    expect(isStrakeError(error, 'INVALID')).toBe(true)
    expect(String(error)).toContain(`${path} at offset 1024: its path leaves the root`)
    expect(arena.escaped()).toBe('')
  },
)

test('applyLayer() resolves absolute paths and inner dots in the root', async () => {
  using arena = new Arena()
  const { error } = await arena.apply([
    { path: '/etc/x', body },
    { path: './a/b/../y', body },
    { path: '//double//slash', body },
  ])
  expect(error).toBeUndefined()
  for (const path of ['etc/x', 'a/y', 'double/slash']) {
    expect(readFileSync(join(arena.root, path), 'utf8')).toBe('owned')
  }
  expect(arena.escaped()).toBe('')
})

test('applyLayer() refuses whiteouts that leave the root', async () => {
  using arena = new Arena()
  for (const path of ['../.wh.outside', '../outside/.wh.victim', '../outside/.wh..wh..opq']) {
    expect(isStrakeError((await arena.apply([{ path }])).error, 'INVALID')).toBe(true)
  }
  expect(arena.escaped()).toBe('')
})

// The root is `…/root`, beside a directory `…/root-evil`.
test('applyLayer() does not enter a sibling whose name begins with that of the root', async () => {
  using arena = new Arena()
  const evil = `${arena.root}-evil`
  await arena.apply([{ path: '../root-evil/victim', body }])
  await arena.apply([
    { path: 'l', type: 'symlink', linkpath: '../root-evil' },
    { path: 'l/victim', body },
    { path: 'm', type: 'symlink', linkpath: evil },
    { path: 'm/victim', body },
    { path: 'h', type: 'hardlink', linkpath: '../root-evil/victim' },
  ])
  expect(arena.escaped()).toBe('')
  expect(existsSync(join(arena.root, 'h'))).toBe(false)
})
