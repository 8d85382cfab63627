import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { packTar, type TarInput } from '#tar'
import { openWorkshop, type Workshop } from '../testing/fixture.ts'

// ADD of an archive above an image: it follows links of the image and stays in the destination.

const file = (path: string): TarInput => ({ path, body: Buffer.from(path), mode: 0o755 })
const link = (path: string, linkpath: string): TarInput => ({ path, type: 'symlink', linkpath })

describe.skipIf(process.getuid?.() !== 0)('ADD of an archive above an image (as root)', () => {
  let workshop: Workshop
  let count = 0
  beforeAll(async () => {
    workshop = await openWorkshop()
    await workshop.addImage('merged', {
      'usr/bin/sh': 'the shell',
      bin: { link: 'usr/bin' },
      'etc/passwd': 'root',
      'sub/up': { link: '../etc' },
      'sub/inside': { link: 'real' },
      way: { link: '/sub' },
      'opt/.keep': '',
    })
  })
  afterAll(() => workshop[Symbol.asyncDispose]())

  const add = async (
    entries: readonly TarInput[],
    line = 'ADD a.tar /',
  ): Promise<Record<string, string>> => {
    const context = await workshop.context(`archive-${count++}`, {
      'a.tar': await packTar(entries),
      plain: 'plain',
    })
    const { layers } = await workshop.build({
      context,
      dockerfile: { text: `FROM merged\n${line}\n` },
    })
    const layer = layers.at(-1)
    return layer === undefined ? {} : workshop.list(layer)
  }

  test('add writes entries where links of the image lead, below their directories', async () => {
    expect(await add([file('bin/hello')])).toEqual({
      usr: 'directory 755 0:0',
      'usr/bin': 'directory 755 0:0',
      'usr/bin/hello': 'file 755 0:0 "bin/hello"',
    })
    expect(await add([file('hello')], 'ADD a.tar /bin/')).toEqual({
      usr: 'directory 755 0:0',
      'usr/bin': 'directory 755 0:0',
      'usr/bin/hello': 'file 755 0:0 "hello"',
    })
    expect(Object.keys(await add([file('x')], 'ADD a.tar /way'))).toEqual(['sub', 'sub/x'])
  })

  test('add makes the directories that the archive does not list', async () => {
    expect(await add([file('a/b/x'), file('a/b/y')], 'ADD a.tar /o/')).toEqual({
      o: 'directory 755 0:0',
      'o/a': 'directory 755 0:0',
      'o/a/b': 'directory 755 0:0',
      'o/a/b/x': 'file 755 0:0 "a/b/x"',
      'o/a/b/y': 'file 755 0:0 "a/b/y"',
    })
    expect(await add([file('a/x')], 'ADD --chown=8:9 a.tar /opt')).toEqual({
      opt: 'directory 755 0:0',
      'opt/a': 'directory 755 8:9',
      'opt/a/x': 'file 755 8:9 "a/x"',
    })
  })

  test('add lets a directory of the archive take the place of a link', async () => {
    const entries: TarInput[] = [{ path: 'bin', type: 'directory', mode: 0o700 }, file('bin/x')]
    expect(await add(entries)).toEqual({
      bin: 'directory 700 0:0',
      'bin/x': 'file 755 0:0 "bin/x"',
    })
  })

  const escapes: Readonly<Record<string, readonly TarInput[]>> = {
    'a link of the archive': [link('l', '../etc'), file('l/passwd')],
    'a link to the directory above': [link('l', '..'), file('l/etc/passwd')],
    'a link of the image': [file('up/passwd')],
    'links that lead to each other': [link('a', 'b'), link('b', '../etc'), file('a/passwd')],
    'a directory made on the way': [link('l', 'd/../../etc'), file('l/passwd')],
    'the target of a hard link': [
      link('l', '../etc'),
      { path: 'p', type: 'hardlink', linkpath: 'l/passwd' },
    ],
  }
  for (const [by, entries] of Object.entries(escapes)) {
    test(`add refuses an archive that leaves its destination by ${by}`, async () => {
      await expect(add(entries, 'ADD a.tar /sub/')).rejects.toThrow(
        'a link leads out of the destination',
      )
    })
  }

  test('add resolves an absolute link within the destination', async () => {
    const etc = { 'sub/etc': 'directory 755 0:0', 'sub/etc/passwd': 'file 755 0:0 "l/passwd"' }
    for (const target of ['/etc', '//etc/', '/./etc']) {
      const listed = await add([link('l', target), file('l/passwd')], 'ADD a.tar /sub/')
      expect(listed).toMatchObject(etc)
    }
    await expect(
      add([link('l', '/sub/../../etc'), file('l/passwd')], 'ADD a.tar /sub/'),
    ).rejects.toThrow('a link leads out of the destination')
  })

  test('add makes the target of a link within the destination', async () => {
    expect(await add([file('inside/f')], 'ADD a.tar /sub/')).toMatchObject({
      'sub/real': 'directory 755 0:0',
      'sub/real/f': 'file 755 0:0 "inside/f"',
    })
    expect(
      await add([link('l', 'm'), link('m', 'n/o'), file('l/f')], 'ADD a.tar /new'),
    ).toMatchObject({
      'new/n/o/f': 'file 755 0:0 "l/f"',
    })
  })

  test('add keeps a link out of the destination as it is, if no entry goes through it', async () => {
    expect(await add([link('l', '../../etc')], 'ADD a.tar /sub/')).toMatchObject({
      'sub/l': 'symlink 777 0:0 ../../etc',
    })
  })

  test('add takes the root of the image for its own parent, as the kernel does', async () => {
    expect(await add([link('l', '../etc'), file('l/new')])).toMatchObject({
      'etc/new': 'file 755 0:0 "l/new"',
    })
  })

  test('add refuses loops, and entries below a file', async () => {
    await expect(add([link('a', 'b'), link('b', 'a'), file('a/x')])).rejects.toThrow('a loop')
    await expect(add([file('f'), file('f/x')])).rejects.toThrow('/f is not a directory')
    await expect(add([file('etc/passwd/x')])).rejects.toThrow('/etc/passwd is not a directory')
  })

  test('add places entries above the earlier entries', async () => {
    const entries = [file('usr'), link('usr', 'elsewhere'), file('usr/bin/x')]
    expect(await add(entries)).toMatchObject({
      'elsewhere/bin/x': 'file 755 0:0 "usr/bin/x"',
    })
    expect(Object.keys(await add([file('bin/x')], 'ADD plain a.tar /d/')).toSorted()).toEqual([
      'd',
      'd/bin',
      'd/bin/x',
      'd/plain',
    ])
  })

  test('add keeps hard links of the archive where their files are', async () => {
    const hard: TarInput = { path: 'bin/two', type: 'hardlink', linkpath: 'bin/one', mode: 0o755 }
    const listed = await add([file('bin/one'), hard])
    expect(listed['usr/bin/two']).toContain('usr/bin/one')
  })

  test('add above an empty image keeps the paths of entries', async () => {
    const context = await workshop.context('scratch', { 'a.tar': await packTar([file('a/x')]) })
    for (const text of ['FROM scratch\nADD a.tar /\n', 'FROM merged\nADD --link a.tar /\n']) {
      const { layers } = await workshop.build({ context, dockerfile: { text } })
      const layer = layers.at(-1)
      expect(Object.keys(layer === undefined ? {} : await workshop.list(layer))).toEqual([
        'a',
        'a/x',
      ])
    }
  })
})
