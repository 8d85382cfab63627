import { describe, expect, test } from 'bun:test'
import { mkdirSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { mountTmpfs, unmount } from '#platform'
import { importBusybox } from './busybox.ts'
import { damage, namesOf, writeSmallImage } from './fault-rig.ts'
import { command, missing, openStrake, type Strake } from './strake.ts'

// Stores on disks of every size, from too small to large enough.

const reason = missing()
if (reason !== undefined) console.log(`skipped full disks: ${reason}`)

describe.skipIf(reason !== undefined)('a full disk', () => {
  test('load on a disk of any size fails with a sentence or succeeds', async () => {
    const outcomes: boolean[] = []
    for (const kibibytes of [64, 160, 256, 320, 384, 512, 1024, 2048]) {
      await using disk = await openDisk(kibibytes)
      const { strake, archive } = disk
      const { exitCode, stderr } = await strake('load', '-i', archive)
      outcomes.push(exitCode === 0)
      // Reading needs a little space too.
      await command(['mount', '-o', 'remount,size=8m', strake.root])
      if (exitCode === 0) expect(await damage(strake)).toEqual([])
      else expect(stderr).toMatch(/^strake: Cannot .*(?:no space|reports an error)/m)
      await strake.ok('load', '-i', archive)
      expect(await damage(strake)).toEqual([])
    }
    expect(outcomes[0]).toBe(false)
    expect(outcomes.at(-1)).toBe(true)
    expect(outcomes.map(Number).toSorted()).toEqual(outcomes.map(Number))
  }, 60_000)

  test('images, rmi and prune work on a full disk', async () => {
    await using disk = await openDisk(4096)
    const { strake, archive } = disk
    await strake.ok('load', '-i', archive)
    await strake.ok('tag', 'kept:1', 'other:1')
    fill(strake.root)
    expect(await namesOf(strake)).toEqual(expect.arrayContaining(['kept:1', 'other:1']))
    await strake.ok('rmi', 'other:1')
    await strake.ok('rmi', 'kept:1')
    await strake.ok('system', 'prune', '--all', '--force')
    expect(await namesOf(strake)).toEqual([])
  })

  test('a container that fills the disk keeps running, and its end is recorded', async () => {
    await using disk = await openDisk(16_384)
    const { strake } = disk
    await importBusybox(strake, 'box')
    const script = 'cat /dev/zero > /fill; echo filled; sleep 1; exit 4'
    const run = ['run', '--network', 'none']
    const here = await strake(...run, '--rm', 'box', 'sh', '-c', script)
    expect(here).toMatchObject({ exitCode: 4, stdout: 'filled\n' })
    await strake.ok(...run, '-d', '--name', 'behind', 'box', 'sh', '-c', script)
    expect(await strake.ok('wait', 'behind')).toBe('4')
    const [{ State }] = JSON.parse(await strake.ok('inspect', 'behind'))
    expect(State).toMatchObject({ Status: 'exited', ExitCode: 4 })
    await strake.ok('rm', 'behind')
    const always = ['-d', '--name', 'again', '--restart', 'always']
    const trap = `trap "exit 3" TERM; cat /dev/zero > /fill; while true; do sleep 0.1; done`
    await strake.ok(...run, ...always, 'box', 'sh', '-c', trap)
    while (statfsSync(strake.root).bavail > 4) await Bun.sleep(20)
    await strake.ok('stop', 'again')
    expect(await strake.ok('ps', '--quiet')).toBe('')
    await strake.ok('rm', 'again')
  }, 60_000)

  test('volume create leaves the reserve to commands that remove', async () => {
    await using disk = await openDisk(16_384)
    const { strake } = disk
    await strake.ok('volume', 'create', 'first')
    const reserve = join(strake.root, 'reserve')
    const size = statSync(reserve).size
    fill(strake.root)
    let last = 0
    for (let turn = 0; turn < 40 && last === 0; turn++) {
      last = (await strake('volume', 'create', `more-${turn}`)).exitCode
    }
    expect(last).toBe(1)
    expect(statSync(reserve).size).toBe(size)
    await strake.ok('volume', 'rm', 'first')
  }, 60_000)

  test('volume rm works on a disk that a volume has filled', async () => {
    await using disk = await openDisk(16_384)
    const { strake } = disk
    await importBusybox(strake, 'box')
    for (const name of ['a', 'b', 'c']) {
      await strake.ok('volume', 'create', name)
      writeFileSync(join(strake.root, 'volumes', name, '_data', 'file'), Buffer.alloc(1_048_576))
    }
    for (const name of ['a', 'b', 'c']) {
      fill(strake.root)
      await strake.ok('volume', 'rm', name)
      expect(statfsSync(strake.root).bavail).toBeGreaterThan(128)
    }
  }, 60_000)

  test('rm, rmi and every prune work on a disk that is filled again and again', async () => {
    await using disk = await openDisk(32_768)
    const { strake, archive } = disk
    await strake.ok('load', '-i', archive)
    await importBusybox(strake, 'box')
    const text = 'more than the disk has '.repeat(50)
    const large = await writeSmallImage(join(strake.directory, 'large.tar'), 'large:1', text)
    const names = ['a', 'b', 'c']
    for (const name of names) await strake.ok('tag', 'kept:1', name)
    for (const name of names) await strake.ok('create', '--name', `box-${name}`, 'box', 'true')
    for (const args of [
      ['images'],
      ['ps', '-a'],
      ['rmi', 'a'],
      ['rm', 'box-a'],
      ['rmi', 'b'],
      ['rm', 'box-b'],
      ['builder', 'prune', '-f'],
      ['container', 'prune', '-f'],
      ['image', 'prune', '-f'],
      ['image', 'prune', '-af'],
      ['system', 'prune', '-af'],
    ]) {
      fill(strake.root)
      // Commands that add to the store fail, and leave the space that removals need.
      const { exitCode, stderr } = await strake('load', '-i', large)
      expect([exitCode, stderr]).toEqual([1, expect.stringMatching(/^strake: Cannot /m)])
      fill(strake.root)
      await strake.ok(...args)
    }
    expect(await namesOf(strake)).toEqual([])
    rmSync(join(strake.root, 'filler'))
    await strake.ok('system', 'check')
  }, 120_000)
})

interface Disk extends AsyncDisposable {
  readonly strake: Strake
  readonly archive: string
}

/** A store on a memory disk of its own, and an archive beside it. */
async function openDisk(kibibytes: number): Promise<Disk> {
  const strake = await openStrake()
  const archive = await writeSmallImage(join(strake.directory, 'kept.tar'), 'kept:1', 'kept')
  mkdirSync(strake.root)
  mountTmpfs(strake.root, { size: kibibytes * 1024 })
  return {
    strake,
    archive,
    [Symbol.asyncDispose]: async () => {
      unmount(strake.root, { detach: true })
      await strake[Symbol.asyncDispose]()
    },
  }
}

/** Fills the disk. */
function fill(directory: string): void {
  const block = new Uint8Array(4096)
  while (statfsSync(directory).bavail > 0) {
    writeFileSync(join(directory, 'filler'), block, { flag: 'a' })
  }
}
