import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { importBusybox, writeContext } from './busybox.ts'
import { command, missing, openStrake, type Strake } from './strake.ts'

const reason = missing('busybox', 'tar')
if (reason) console.info(`skipped: image mount: ${reason}`)

function mountsBelow(directory: string): readonly string[] {
  const lines = readFileSync('/proc/self/mountinfo', 'utf8').split('\n')
  return lines.filter((line) => line.includes(`${directory}/run/mounts/`))
}

for (const snapshotter of ['erofs', 'directory']) {
  describe.skipIf(reason !== undefined)(`image mount with ${snapshotter} snapshots`, () => {
    let strake: Strake
    let imageId: string

    beforeAll(async () => {
      strake = await openStrake({ STRAKE_SNAPSHOTTER: snapshotter })
      imageId = await importBusybox(strake)
      await strake.ok('tag', 'busybox', 'other')
    })
    afterAll(async () => strake[Symbol.asyncDispose]())

    test('prints a path of read-only files that outlives the command and clean-ups', async () => {
      const path = await strake.ok('image', 'mount', 'busybox')
      expect(statSync(join(path, 'bin/busybox')).isFile()).toBe(true)
      const touched = await command(['touch', join(path, 'x')])
      expect(touched.stderr).toContain('Read-only file system')
      expect(mountsBelow(strake.directory).at(-1)).toMatch(/ ro,nosuid,nodev/)
      await strake.ok('system', 'cleanup')
      expect(existsSync(join(path, 'bin/busybox'))).toBe(true)
      // The files are of root alone, because an image may hold secrets and setuid programs.
      expect(statSync(join(path, '..')).mode & 0o077).toBe(0)
      expect(await strake.ok('image', 'mount', imageId)).toBe(path)
      const mine = mountsBelow(strake.directory).filter((line) => line.includes(path))
      expect(mine).toHaveLength(1)
    })

    test('without images lists what is mounted', async () => {
      const path = await strake.ok('image', 'mount', 'busybox')
      expect(await strake.ok('image', 'mount')).toBe(`busybox:latest  ${path}`)
      const documents = JSON.parse(await strake.ok('image', 'mount', '--format', 'json'))
      expect(documents).toEqual([
        {
          id: imageId.replace('sha256:', ''),
          Names: ['busybox:latest', 'other:latest'],
          Repositories: ['busybox:latest', 'other:latest'],
          mountpoint: path,
        },
      ])
    })

    test('rmi refuses a mounted image, and prune leaves it', async () => {
      const path = await strake.ok('image', 'mount', 'busybox')
      await strake.ok('rmi', 'other')
      for (const words of [['rmi'], ['rmi', '--force']]) {
        const refused = await strake(...words, 'busybox')
        expect(refused).toMatchObject({ exitCode: 1, stdout: '' })
        expect(refused.stderr).toBe(
          `strake: Cannot remove image busybox: it is mounted at ${path}\n  try: strake image unmount busybox\n`,
        )
      }
      await strake.ok('image', 'prune', '--all', '--force')
      await strake.ok('system', 'prune', '--all', '--force')
      expect(await strake.ok('images', '-q', '--no-trunc')).toBe(imageId)
      expect(readdirSync(join(path, 'bin'))).toContain('sh')
      await strake.ok('tag', 'busybox', 'other')
    })

    test('unmount refuses while a process uses the files, except with --force', async () => {
      const path = await strake.ok('image', 'mount', 'busybox')
      const busy = await strake.with({ cwd: path }, 'image', 'unmount', 'busybox')
      expect(busy.exitCode).toBe(1)
      expect(busy.stderr).toContain('Cannot unmount image busybox: a process uses its files')
      const forced = await strake.with({ cwd: path }, 'image', 'unmount', '-f', 'busybox')
      expect(forced).toMatchObject({ exitCode: 0, stdout: `${imageId}\n` })
      expect(existsSync(path)).toBe(false)
      const again = await strake('image', 'unmount', 'busybox')
      expect(again.stderr).toStartWith('strake: Cannot unmount image busybox: it is not mounted\n')
    })

    test('a mounted image runs, and its mount stays when the container is gone', async () => {
      const path = await strake.ok('image', 'mount', 'busybox')
      await strake.ok('run', '--rm', '--network', 'none', 'busybox', 'true')
      await strake.ok('image', 'unmount', '--all')
      await strake.ok('run', '--rm', '--network', 'none', 'busybox', 'true')
      expect(await strake.ok('image', 'mount')).toBe('')
      expect(existsSync(path)).toBe(false)
    })

    test('commands that mount and unmount at the same time leave one mount at most', async () => {
      const words = ['mount', 'unmount', 'mount', 'mount', 'unmount', 'mount']
      await Promise.all(words.map((word) => strake('image', word, 'busybox')))
      const path = await strake.ok('image', 'mount', 'busybox')
      const mine = mountsBelow(strake.directory).filter((line) => line.includes(` ${path} `))
      expect(mine).toHaveLength(1)
      await strake.ok('image', 'unmount', 'busybox')
      expect(existsSync(path)).toBe(false)
    })

    test('a mount that a reboot has ended is mounted again', async () => {
      const path = await strake.ok('image', 'mount', 'busybox')
      // What a reboot leaves where the run directory lasts.
      for (const line of mountsBelow(strake.directory).toReversed()) {
        await command(['umount', line.split(' ')[4] ?? ''])
      }
      expect(await strake.ok('image', 'mount')).toBe('')
      await strake.ok('system', 'cleanup')
      expect(await strake.ok('image', 'mount', 'busybox')).toBe(path)
      expect(existsSync(join(path, 'bin/sh'))).toBe(true)
      await strake.ok('image', 'unmount', 'busybox')
    })

    test('refuses what cannot be mounted in one sentence', async () => {
      await writeContext(join(strake.directory, 'empty'), { Dockerfile: 'FROM scratch\nENV A=1\n' })
      await strake.ok('build', '-q', '-t', 'empty', join(strake.directory, 'empty'))
      const sentences = [
        [['mount', 'empty'], 'Cannot mount image empty: it has no files'],
        [['mount', 'absent'], 'Cannot find image absent: No such image: absent'],
        [['mount', '../../etc'], 'Cannot find image ../../etc: No such image: ../../etc'],
        [['unmount', 'absent'], 'Cannot unmount image absent: No such image: absent'],
        [['unmount'], 'Cannot unmount: no image is named'],
        [['mount', '-a', 'empty'], 'Cannot use --all together with names of images'],
      ] as const
      for (const [words, sentence] of sentences) {
        const { stderr, exitCode } = await strake('image', ...words)
        expect({ exitCode, line: stderr.split('\n')[0] }).toEqual({
          exitCode: 1,
          line: `strake: ${sentence}`,
        })
      }
    })

    test('a reset removes the store with its mounted images', async () => {
      await using other = await openStrake({ STRAKE_SNAPSHOTTER: snapshotter })
      mkdirSync(join(other.directory, 'kept'))
      await importBusybox(other)
      await other.ok('image', 'mount', 'busybox')
      await other.ok('system', 'reset', '--force')
      expect(mountsBelow(other.directory)).toEqual([])
      expect(existsSync(other.root)).toBe(false)
    })
  })
}

describe.skipIf(reason !== undefined)('image tree', () => {
  test('shows the layers of an image, and with --whatrequires those above them', async () => {
    await using strake = await openStrake()
    await importBusybox(strake, 'base')
    const context = await writeContext(join(strake.directory, 'app'), {
      Dockerfile: 'FROM base\nCOPY one /\nCOPY two /\n',
      one: '1',
      two: '2',
    })
    await strake.ok('build', '-q', '-t', 'app', context)
    await strake.ok('build', '-q', '-t', 'app:same', '--label', 'a=b', context)
    const shape = (text: string): string =>
      text.replaceAll(/[0-9a-f]{12}/g, 'ID').replaceAll(/[\d.]+k?M?B/g, 'SIZE')
    expect(shape(await strake.ok('image', 'tree', 'app'))).toBe(
      [
        'Image ID: ID',
        'Tags:     [app:latest]',
        'Size:     SIZE',
        'Image Layers',
        '├── ID: ID Size: SIZE Top Layer of: [base:latest]',
        '├── ID: ID Size: SIZE',
        '└── ID: ID Size: SIZE Top Layer of: [app:latest app:same]',
      ].join('\n'),
    )
    const above = shape(await strake.ok('image', 'tree', '--whatrequires', 'base'))
    expect(above.split('\n').slice(3)).toEqual([
      'Image Layers',
      '└── ID: ID Size: SIZE Top Layer of: [base:latest]',
      '    └── ID: ID Size: SIZE',
      '        └── ID: ID Size: SIZE Top Layer of: [app:latest app:same]',
    ])
  })
})
