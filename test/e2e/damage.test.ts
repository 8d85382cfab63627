import { describe, expect, test } from 'bun:test'
import {
  chmodSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { damage, writeSmallImage } from './fault-rig.ts'
import { command, missing, openStrake, type Strake } from './strake.ts'

// Files of the store are damaged.

const reason = missing()
if (reason !== undefined) console.log(`skipped damage: ${reason}`)

const damages: Readonly<Record<string, (path: string) => unknown>> = {
  'one bit': (path) => {
    const bytes = readFileSync(path)
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1
    chmodSync(path, 0o644)
    writeFileSync(path, bytes)
  },
  emptied: (path) => truncateSync(path, 0),
  halved: (path) => truncateSync(path, readFileSync(path).length >> 1),
  extended: (path) => writeFileSync(path, 'x', { flag: 'a' }),
  gone: (path) => rmSync(path),
  'a link': (path) => command(['ln', '-sf', '/etc/passwd', path]),
  'a directory': (path) => command(['sh', '-c', `rm ${path} && mkdir ${path}`]),
  'a pipe': (path) => command(['sh', '-c', `rm ${path} && mkfifo ${path}`]),
}

describe.skipIf(reason !== undefined)('damage at rest', () => {
  for (const [kind, change] of Object.entries(damages)) {
    test(`a blob that is ${kind} is detected on use, does not affect other images, and load repairs it`, async () => {
      await using strake = await openStrake()
      const archive = await writeSmallImage(`${strake.directory}/kept.tar`, 'kept:1', 'kept')
      const other = await writeSmallImage(`${strake.directory}/other.tar`, 'other:1', 'other')
      await strake.ok('load', '-i', other)
      const saved = join(strake.directory, 'saved.tar')
      const folder = join(strake.root, 'blobs/sha256')
      const before = readdirSync(folder)
      await strake.ok('load', '-i', archive)
      for (const blob of readdirSync(folder).filter((name) => !before.includes(name))) {
        await change(join(folder, blob))
        const { exitCode, stderr } = await strake.with(
          { timeout: 10_000 },
          'save',
          '-o',
          saved,
          'kept:1',
        )
        expect([exitCode, stderr]).toEqual([1, expect.stringMatching(/^strake: Cannot /)])
        await strake.ok('images')
        await strake.ok('save', '-o', saved, 'other:1')
        await strake.ok('load', '-i', archive)
        expect(await damage(strake)).toEqual([])
      }
    }, 60_000)
  }

  const parts: Readonly<Record<string, (root: string) => string>> = {
    'layer.tar': (root) => largest(join(root, 'layers'), 'layer.tar'),
    'index.erofs': (root) => largest(join(root, 'chains'), 'index.erofs'),
  }
  for (const [part, find] of Object.entries(parts)) {
    for (const [kind, change] of Object.entries(damages)) {
      test(`system check finds and repairs ${part} that is ${kind}, which is never used`, async () => {
        await using strake = await openStrake()
        const archive = await writeSmallImage(`${strake.directory}/kept.tar`, 'kept:1', 'kept')
        await strake.ok('--snapshotter', 'erofs', 'load', '-i', archive)
        const good = await contentsOf(strake)
        expect(await strake('system', 'check')).toMatchObject({ exitCode: 0 })
        await change(find(strake.root))
        const found = await strake('system', 'check', '--format', 'json')
        // The next command makes an absent index.
        const isWrong = part === 'layer.tar' || kind !== 'gone'
        expect(found.exitCode).toBe(isWrong ? 1 : 0)
        if (isWrong) expect(found.stdout).toContain('"state":"damaged"')
        expect(await strake('system', 'check', '--repair')).toMatchObject({ exitCode: 0 })
        expect(await strake('system', 'check')).toMatchObject({ exitCode: 0 })
        expect(await contentsOf(strake)).toEqual(good)
      }, 60_000)
    }
  }

  for (const kind of ['gone', 'a link', 'a directory', 'a pipe']) {
    test(`the blob of a layer that is ${kind} is restored from its archive`, async () => {
      await using strake = await openStrake()
      const root = join(strake.directory, 'root.tar')
      await command(['tar', '-cf', root, '-C', '/etc', 'passwd'])
      await strake.ok('--snapshotter', 'erofs', 'import', root, 'kept:1')
      const saved = join(strake.directory, 'saved.tar')
      await strake.ok('save', '-o', saved, 'kept:1')
      const good = readFileSync(saved)
      const layers = readdirSync(join(strake.root, 'layers'))
      for (const hex of layers) await damages[kind]?.(join(strake.root, 'blobs/sha256', hex))
      expect((await strake('system', 'check')).exitCode).toBe(1)
      const { stdout } = await strake('system', 'check', '--repair')
      expect(stdout.match(/made again from its layer/g)).toHaveLength(layers.length)
      expect(await strake('system', 'check')).toMatchObject({ exitCode: 0 })
      await strake.ok('save', '-o', saved, 'kept:1')
      expect(readFileSync(saved).equals(good)).toBe(true)
    }, 60_000)
  }

  test('a layer that cannot be repaired is named, not used, and does not affect other images', async () => {
    await using strake = await openStrake()
    const archive = await writeSmallImage(`${strake.directory}/kept.tar`, 'kept:1', 'kept')
    const other = await writeSmallImage(`${strake.directory}/other.tar`, 'other:1', 'other')
    await strake.ok('load', '-i', archive)
    const own = readdirSync(join(strake.root, 'blobs/sha256'))
    await damages['one bit']?.(largest(join(strake.root, 'layers'), 'layer.tar'))
    for (const blob of own) rmSync(join(strake.root, 'blobs/sha256', blob))
    await strake.ok('load', '-i', other)
    const { exitCode, stdout } = await strake('system', 'check', '--repair')
    expect(exitCode).toBe(1)
    expect(stdout).toMatch(/^LOST {2}layer sha256:.*layer.tar has the digest/m)
    expect((await strake('create', '--name', 'c', 'kept:1')).exitCode).not.toBe(0)
    expect(await contentsOf(strake, 'other:1')).not.toBe('')
  }, 60_000)

  const databases = { emptied: true, halved: true, gone: true, 'one bit': false, extended: false }
  for (const [kind, isLost] of Object.entries(databases)) {
    test(`a database that is ${kind} loses no image, and every command names it`, async () => {
      await using strake = await openStrake()
      const archive = await writeSmallImage(`${strake.directory}/kept.tar`, 'kept:1', 'kept')
      await strake.ok('load', '-i', archive)
      const blobs = readdirSync(join(strake.root, 'blobs/sha256'))
      await damages[kind]?.(join(strake.root, 'strake.db'))
      for (const args of [['images'], ['ps', '-a'], ['history', 'kept:1']]) {
        const { exitCode, stderr } = await strake(...args)
        if (isLost) expect([exitCode, stderr]).toEqual([0, expect.stringContaining('warning: ')])
      }
      await strake('image', 'prune', '-f')
      await strake('system', 'prune', '-f')
      expect(readdirSync(join(strake.root, 'blobs/sha256'))).toEqual(blobs)
      // The first repair may set the file aside. The second one restores records from the content.
      await strake('system', 'check', '--repair')
      await strake('system', 'check', '--repair')
      expect((await strake('system', 'check')).exitCode).toBe(0)
      expect(await strake.ok('images', '-q')).not.toBe('')
    }, 60_000)
  }
})

/** Returns the path of the largest file of a name, one folder down. */
function largest(folder: string, name: string): string {
  const paths = readdirSync(folder)
    .map((each) => join(folder, each, name))
    .filter((path) => existsSync(path))
    .sort((a, b) => statSync(b).size - statSync(a).size || (a < b ? -1 : 1))
  return paths[0] ?? ''
}

/** Returns the contents of an image's files, read through a container's mounted root. */
async function contentsOf(strake: Strake, image = 'kept:1'): Promise<string> {
  const id = await strake.ok('create', image)
  const archive = join(strake.directory, 'exported.tar')
  await strake.ok('export', '-o', archive, id)
  await strake.ok('rm', id)
  return (await command(['tar', '-xOf', archive, 'etc/file1', 'etc/file2'])).stdout
}
