import { describe, expect, test } from 'bun:test'
import { chmodSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { mountTmpfs, unmount } from '#platform'
import { writeSmallImage } from './fault-rig.ts'
import { command, missing, openStrake } from './strake.ts'

const reason = missing()
if (reason !== undefined) console.log(`skipped a read-only store: ${reason}`)

describe.skipIf(reason !== undefined)('a store on a read-only file system', () => {
  test('is readable, and info and doctor name the cause', async () => {
    await using strake = await openStrake()
    const archive = await writeSmallImage(join(strake.directory, 'kept.tar'), 'kept:1', 'kept')
    mkdirSync(strake.root)
    mountTmpfs(strake.root, { size: 64 * 1024 * 1024 })
    chmodSync(strake.root, 0o700)
    try {
      await strake.ok('load', '-i', archive)
      await command(['mount', '-o', 'remount,ro', strake.root])
      expect(await strake.ok('info')).toContain('its file system is read-only')
      const doctor = await strake('doctor')
      expect([doctor.exitCode, doctor.stdout]).toEqual([
        1,
        expect.stringMatching(/^FAIL {2}store: .* read-only file system[\s\S]*^ok {4}kernel/m),
      ])
      expect(await strake.ok('images')).toContain('kept')
      for (const args of [
        ['inspect', 'kept:1'],
        ['history', 'kept:1'],
        ['ps', '-a'],
        ['system', 'df'],
      ]) {
        await strake.ok(...args)
      }
      await strake.ok('save', '-o', join(strake.directory, 'saved.tar'), 'kept:1')
      // After a restart, nothing is left in the run directory.
      const restarted = { env: { STRAKE_RUN: join(strake.directory, 'new-run') } }
      for (const args of [['info'], ['images'], ['inspect', 'kept:1'], ['system', 'df']]) {
        expect((await strake.with(restarted, ...args)).stderr).toBe('')
      }
      const info = await strake.with(restarted, 'info')
      expect(info.stdout).toMatch(/^Snapshotter: +erofs/m)
      expect((await strake.with(restarted, 'system', 'check')).exitCode).toBe(0)
      const { exitCode, stderr } = await strake('tag', 'kept:1', 'other')
      expect([exitCode, stderr]).toEqual([
        1,
        expect.stringContaining('its file system is read-only\n  try: mount it read-write'),
      ])
    } finally {
      unmount(strake.root, { detach: true })
    }
  }, 60_000)

  test('cannot be made, and no user is told to become root', async () => {
    await using strake = await openStrake()
    const disk = join(strake.directory, 'disk')
    mkdirSync(disk)
    mountTmpfs(disk, { size: 1024 * 1024 })
    try {
      await command(['mount', '-o', 'remount,ro', disk])
      const { exitCode, stderr } = await strake('--root', `${disk}/store`, 'images')
      expect([exitCode, stderr]).toEqual([
        1,
        `strake: Cannot make ${disk}/store: its file system is read-only\n  try: mount it read-write, or choose another place with --root\n`,
      ])
    } finally {
      unmount(disk, { detach: true })
    }
  }, 60_000)

  test('is examined by doctor even when it is empty or cannot be opened', async () => {
    await using strake = await openStrake()
    await Bun.write(strake.root, 'a file')
    for (const args of [['info'], ['doctor']]) {
      const { exitCode, stdout } = await strake(...args)
      expect([exitCode, stdout]).toEqual([1, expect.stringMatching(/Cannot [\s\S]*kernel/i)])
    }
    await command(['rm', strake.root])
  }, 60_000)
})
