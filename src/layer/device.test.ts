import { expect, test } from 'bun:test'
import { lstatSync } from 'node:fs'
import { join } from 'node:path'
import { isStrakeError } from '#oci'
import { Arena, isRoot, unlessRoot } from './testing/tree.ts'

test.skipIf(!isRoot)(`applyLayer() makes devices and fifos as root${unlessRoot}`, async () => {
  using arena = new Arena()
  const { error, warnings } = await arena.apply([
    { path: 'dev/null', type: 'character', deviceMajor: 1, deviceMinor: 3, mode: 0o666, mtime: 5 },
    { path: 'dev/sda', type: 'block', deviceMajor: 259, deviceMinor: 70000, gid: 6 },
    { path: 'run/fifo', type: 'fifo', mode: 0o622, uid: 3 },
  ])
  expect([error, warnings]).toEqual([undefined, []])
  const status = (path: string): object => {
    const { mode, uid, gid, rdev } = lstatSync(join(arena.root, path))
    return { mode: mode.toString(8), uid, gid, rdev }
  }
  expect(status('dev/null')).toEqual({ mode: '20666', uid: 0, gid: 0, rdev: 0x103 })
  const sda = (70000 & 0xff) | (259 << 8) | ((70000 & 0xfff00) << 12)
  expect(status('dev/sda')).toEqual({ mode: '60644', uid: 0, gid: 6, rdev: sda })
  expect(status('run/fifo')).toEqual({ mode: '10622', uid: 3, gid: 0, rdev: 0 })
  expect(lstatSync(join(arena.root, 'dev/null')).mtimeMs).toBe(5000)
})

test.skipIf(!isRoot)(
  `applyLayer() refuses device numbers that Linux does not have${unlessRoot}`,
  async () => {
    using arena = new Arena()
    for (const [deviceMajor, deviceMinor] of [
      [4096, 0],
      [0, 2 ** 20],
    ] as const) {
      const { error } = await arena.apply([{ path: 'd', type: 'block', deviceMajor, deviceMinor }])
      expect(isStrakeError(error, 'INVALID')).toBe(true)
    }
  },
)
