import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { identifyProcess, isMountPoint, mountsBelow, unmount } from '#platform'
import { openRecords } from '#records'
import { ownUser, releaseAbandoned, releaseVolumes, useVolume, type VolumePlaces } from './use.ts'
import { createVolume, mountVolume, removeVolume, type VolumeStore } from './volumes.ts'

let root = ''
let store: VolumeStore & VolumePlaces & { readonly records: ReturnType<typeof openRecords> }
const memory = { type: 'tmpfs', device: 'tmpfs', o: 'size=1m,mode=711' }
const one = { container: 'one' }
const two = { container: 'two' }

beforeEach(() => {
  root = realpathSync(mkdtempSync(`${tmpdir()}/strake-volume-use-`))
  store = { root, run: `${root}/run`, records: openRecords(`${root}/strake.db`) }
})

afterEach(() => {
  for (const { target } of mountsBelow(root)) unmount(target, { detach: true })
  store.records.close()
  rmSync(root, { recursive: true })
})

describe.skipIf(process.getuid?.() !== 0)('as root', () => {
  test('a file system is mounted for the first user and unmounted after the last', async () => {
    const data = await mountVolume(store, { name: 'v', options: memory }, one)
    writeFileSync(`${data}/f`, '')
    await mountVolume(store, { name: 'v' }, two)
    expect(mountsBelow(data)).toHaveLength(1)
    await releaseVolumes(store, one)
    expect(readdirSync(data)).toEqual(['f'])
    await releaseVolumes(store, one)
    await releaseVolumes(store, two)
    expect(isMountPoint(data)).toBe(false)
    expect(readdirSync(data)).toEqual([])
    expect(readdirSync(`${root}/run/volumes`)).toEqual([])
  })

  test('a volume without options is never mounted', async () => {
    const data = await mountVolume(store, { name: 'v' }, one)
    expect(isMountPoint(data)).toBe(false)
    await releaseVolumes(store, one)
  })

  test('a process that was killed is no user, and a mounted volume is not removed', async () => {
    const dead = Bun.spawn(['true'])
    const identity = identifyProcess(dead.pid) ?? { pid: dead.pid, startTime: '1', bootId: 'x' }
    await dead.exited
    const volume = await createVolume(store, { name: 'v', options: memory })
    await useVolume(store, volume, { process: identity, use: 'killed' })
    const user = ownUser()
    await useVolume(store, volume, user)
    const usersOf = (): readonly string[] => []
    await expect(removeVolume(store, 'v', { usersOf })).rejects.toThrow(
      'Cannot remove volume v: it is mounted',
    )
    await releaseVolumes(store, user)
    expect(isMountPoint(`${root}/volumes/v/_data`)).toBe(false)
    await useVolume(store, volume, { process: identity, use: 'again' })
    expect(await releaseAbandoned(store)).toBe(1)
    expect(isMountPoint(`${root}/volumes/v/_data`)).toBe(false)
    await removeVolume(store, 'v', { usersOf })
  })

  test('a bind mount shows a directory, and removal leaves its files', async () => {
    mkdirSync(`${root}/host`)
    writeFileSync(`${root}/host/f`, 'host')
    const options = { type: 'none', device: `${root}/host`, o: 'bind,ro' }
    const data = await mountVolume(store, { name: 'v', options }, one)
    expect(readdirSync(data)).toEqual(['f'])
    expect(() => writeFileSync(`${data}/x`, '')).toThrow('EROFS')
    // A crash of the machine or a lost note: nothing says that it is used.
    rmSync(`${root}/run`, { recursive: true })
    await removeVolume(store, 'v', { usersOf: () => [] })
    expect(readdirSync(`${root}/host`)).toEqual(['f'])
    expect(readdirSync(`${root}/volumes`)).toEqual([])
  })

  test('a mount that fails names the volume, the device and the reason, and leaves nothing', async () => {
    for (const [options, reason] of [
      [{ type: 'none', device: '/none/such', o: 'bind' }, 'no such file or directory'],
      [{ type: 'nosuchfs', device: 'x' }, 'no such device'],
      [{ type: 'tmpfs', device: 'tmpfs', o: 'size=much' }, 'invalid argument'],
    ] as const) {
      const mounting = mountVolume(store, { name: `v-${options.type}`, options }, one)
      await expect(mounting).rejects.toThrow(
        new RegExp(
          `Cannot mount volume v-${options.type}: ${options.device} of type .*${reason}`,
          'i',
        ),
      )
    }
    await releaseVolumes(store, one)
    expect(mountsBelow(root)).toEqual([])
  })
})
