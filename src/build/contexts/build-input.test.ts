import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { chmodSync, existsSync, lstatSync, readdirSync } from 'node:fs'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { fromBuffer, keepChunks } from '#stream'
import { packTar } from '#tar'
import { overwriting } from '../../stream/testing/overwriting.ts'
import { openWorkshop, type Workshop } from '../testing/fixture.ts'
import { readBuildInput } from './build-input.ts'
import { unpackContext } from './context-archive.ts'

const dockerfile = 'FROM scratch\nCOPY . /all\n'
const file = (path: string, text: string) => ({ path, body: Buffer.from(text) })
const tar = await packTar([
  file('./Dockerfile', dockerfile),
  file('./D2', 'FROM scratch\nCOPY a /second\n'),
  { ...file('./a', 'a'), uid: 1000, gid: 1000, mode: 0o640, mtime: 1_600_000_000 },
  { path: './d/', type: 'directory', mode: 0o700, uid: 7 },
  { path: './d/l', type: 'symlink', linkpath: '/etc/passwd' },
  { path: './d/h', type: 'hardlink', linkpath: './a', mode: 0o640, mtime: 1_600_000_000 },
  file('./secret', 'left out'),
  file('./.dockerignore', 'secret\nD*\n'),
])

describe('readBuildInput()', () => {
  test('readBuildInput() distinguishes a Dockerfile and an archive, in chunks of any size', async () => {
    for (const size of [1, 100, 1000, 100_000]) {
      const read = (bytes: Uint8Array) => readBuildInput(overwriting(bytes, size))
      expect(await read(Buffer.from(dockerfile))).toEqual({ text: dockerfile })
      for (const bytes of [tar, gzipSync(tar), zstdCompressSync(tar)]) {
        const input = await read(bytes)
        const chunks = 'archive' in input ? await Array.fromAsync(keepChunks(input.archive)) : []
        expect(Buffer.compare(Buffer.concat(chunks), bytes)).toBe(0)
      }
    }
  })

  test('readBuildInput() refuses other input in one sentence', async () => {
    const read = (bytes: Uint8Array): Promise<unknown> => readBuildInput(fromBuffer(bytes))
    await expect(read(new Uint8Array(0))).rejects.toThrow(
      'Cannot build from standard input: it is empty',
    )
    for (const bytes of [Buffer.alloc(5000), Buffer.from('FROM a', 'utf16le')]) {
      await expect(read(bytes)).rejects.toThrow(
        'Cannot read standard input: it is not text in UTF-8',
      )
    }
    await expect(read(Buffer.alloc(20_000_000, '# '))).rejects.toThrow(
      'Cannot read standard input: it has more than 10485760 bytes',
    )
  })
})

describe('build() from an archive', () => {
  let workshop: Workshop
  beforeAll(async () => {
    workshop = await openWorkshop()
  })
  afterAll(() => workshop[Symbol.asyncDispose]())

  const files = async (bytes: Uint8Array, name?: string): Promise<Record<string, string>> => {
    const context = { archive: fromBuffer(bytes) }
    const { layers } = await workshop.build({ context, dockerfile: name })
    const [layer] = layers
    return layer === undefined ? {} : workshop.list(layer)
  }

  test('build() uses files, modes and links of an archive, and its ignore file, but no owners', async () => {
    const expected = {
      all: 'directory 755 0:0',
      'all/.dockerignore': 'file 644 0:0 "secret\\nD*\\n"',
      'all/a': 'file 640 0:0 "a"',
      'all/d': 'directory 700 0:0',
      'all/d/l': 'symlink 777 0:0 /etc/passwd',
    }
    for (const bytes of [tar, gzipSync(tar), zstdCompressSync(tar)]) {
      expect(await files(bytes)).toMatchObject(expected)
      expect(Object.keys(await files(bytes))).not.toContain('all/secret')
    }
    expect(readdirSync(`${workshop.path}/root/scratch`)).toEqual([])
  })

  test('build() makes the same image from the same archive, from the cache the second time', async () => {
    const first = await workshop.build({ context: { archive: fromBuffer(tar) } })
    const again = await workshop.build({ context: { archive: fromBuffer(gzipSync(tar)) } })
    expect(workshop.stateOf('COPY')).toBe('cached')
    expect(again.descriptor).toEqual(first.descriptor)
  })

  test('build() finds the Dockerfile in the archive only', async () => {
    expect(await files(tar, 'D2')).toEqual({ second: 'file 640 0:0 "a"' })
    expect(await files(tar, '../../D2')).toEqual({ second: 'file 640 0:0 "a"' })
    for (const name of ['../../etc/passwd', '/etc/passwd', 'missing']) {
      await expect(files(tar, name)).rejects.toThrow(
        `Cannot read ${name}: the archive has no such file`,
      )
    }
    await expect(files(await packTar([file('a', 'a')]))).rejects.toThrow(
      'Cannot read Dockerfile: the archive has no such file',
    )
    for (const name of ['Dockerfile', '.dockerignore']) {
      const directory = await packTar([
        file('Dockerfile', dockerfile),
        { path: name, type: 'directory' },
      ])
      await expect(files(directory)).rejects.toThrow(
        `Cannot read ${name}: it is not a regular file`,
      )
    }
    const linked = await packTar([{ path: 'Dockerfile', type: 'symlink', linkpath: '/etc/passwd' }])
    await expect(files(linked)).rejects.toThrow('Cannot read Dockerfile: it is a link that leads')
  })

  test('build() refuses a damaged archive with a sentence', async () => {
    const start = 'Cannot use the archive as the build context: '
    await expect(files(gzipSync(Buffer.alloc(2000, 'no archive')))).rejects.toThrow(start)
    await expect(files(gzipSync(tar).subarray(0, 200))).rejects.toThrow(start)
    const up = await packTar([file('../../up', 'x'), file('Dockerfile', dockerfile)])
    await expect(files(up)).rejects.toThrow(`${start}../../up: its path leaves the root`)
    const marked = await packTar([file('d/.wh.a', 'x')])
    await expect(files(marked)).rejects.toThrow(`${start}d/.wh.a: names that begin with .wh.`)
    const long = await packTar([file('Dockerfile', dockerfile), file('n'.repeat(300), 'x')])
    await expect(files(long)).rejects.toThrow(`${start}${'n'.repeat(300)}: its name`)
    await expect(files(tar.subarray(0, 700))).rejects.toThrow(
      `${start}./Dockerfile: the archive ends`,
    )
    expect(existsSync(`${workshop.path}/up`)).toBe(false)
  })

  test('unpackContext() writes nothing outside its directory', async () => {
    const outside = `${workshop.path}/outside`
    await workshop.context('outside', { victim: 'as it was' })
    chmodSync(outside, 0o755)
    const hostile = await packTar([
      { path: 'way', type: 'symlink', linkpath: outside },
      file('way/victim', 'changed'),
      file('way/new', 'new'),
    ])
    const directory = `${workshop.path}/unpacked`
    await unpackContext({ archive: fromBuffer(hostile) }, directory).catch(() => {})
    expect(readdirSync(outside)).toEqual(['victim'])
    expect(lstatSync(`${outside}/victim`).size).toBe(9)
    expect(lstatSync(directory).mode & 0o777).toBe(0o700)
  })
})
