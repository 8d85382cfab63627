import { expect, test } from 'bun:test'
import { execFileSync } from 'node:child_process'
import { constants } from 'node:fs'
import {
  mkdtemp,
  open,
  readdir,
  readFile,
  readlink,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fromBuffer } from '#stream'
import { noise, overwriting } from '../../stream/testing/overwriting.ts'
import { writeArchive, writeTextFile } from './output-file.ts'

const bytes = (text: string): ReturnType<typeof fromBuffer> =>
  fromBuffer(new TextEncoder().encode(text))

async function inDirectory(use: (directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'strake-output-'))
  try {
    await use(directory)
  } finally {
    await rm(directory, { recursive: true })
  }
}

test('writeArchive() replaces a file only by a complete file', () =>
  inDirectory(async (directory) => {
    const file = join(directory, 'a.tar')
    await writeFile(file, 'old')
    const broken = async function* (): AsyncGenerator<Uint8Array> {
      yield new Uint8Array(10)
      throw new Error('half way')
    }
    await expect(writeArchive(broken(), { file })).rejects.toThrow('half way')
    expect(await readdir(directory)).toEqual(['a.tar'])
    expect(await readFile(file, 'utf8')).toBe('old')
    await writeArchive(bytes('new'), { file })
    expect(await readFile(file, 'utf8')).toBe('new')
    expect(await readdir(directory)).toEqual(['a.tar'])
  }))

test('writeArchive() writes to a device instead of replacing it', async () => {
  await writeArchive(bytes('lost'), { file: '/dev/null' })
  expect((await stat('/dev/null')).isCharacterDevice()).toBe(true)
})

test('writeArchive() and writeTextFile() write to the target of a link and keep the link', () =>
  inDirectory(async (directory) => {
    const [file, link] = [join(directory, 'file'), join(directory, 'link')]
    await writeFile(file, 'old')
    await symlink(file, link)
    await writeArchive(bytes('archive'), { file: link })
    expect(await readFile(file, 'utf8')).toBe('archive')
    await writeTextFile(link, 'text')
    expect(await readFile(file, 'utf8')).toBe('text')
    expect(await readlink(link)).toBe(file)
  }))

test('writeArchive() names the requested file in an error', async () => {
  const file = '/nowhere/at/all.tar'
  await expect(writeArchive(bytes('x'), { file })).rejects.toMatchObject({
    code: 'ENOENT',
    path: file,
  })
})

test('writeArchive() keeps every byte of a producer that uses one buffer', () =>
  inDirectory(async (directory) => {
    const content = noise(9_000_001)
    const [file, pipe] = [join(directory, 'file'), join(directory, 'pipe')]
    await writeArchive(overwriting(content, 1_048_576), { file })
    expect(Buffer.compare(await readFile(file), content)).toBe(0)
    execFileSync('mkfifo', [pipe])
    const reading = readFile(pipe)
    await writeArchive(overwriting(content, 1_048_576), { file: pipe })
    expect(Buffer.compare(await reading, content)).toBe(0)
  }))

test('writeArchive() ends with its signal when no process reads the pipe', () =>
  inDirectory(async (directory) => {
    const pipe = join(directory, 'pipe')
    execFileSync('mkfifo', [pipe])
    const beforeAnyReader = new AbortController()
    const opening = writeArchive(bytes('x'), { file: pipe, signal: beforeAnyReader.signal })
    beforeAnyReader.abort(new Error('interrupted'))
    await expect(opening).rejects.toThrow('interrupted')
    await using reader = await open(pipe, constants.O_RDONLY | constants.O_NONBLOCK)
    const whileFull = new AbortController()
    const { promise: isFull, resolve } = Promise.withResolvers<void>()
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (let at = 0; ; at++) {
        if (at === 1) resolve()
        yield new Uint8Array(1_048_576)
      }
    }
    const writing = writeArchive(endless(), { file: pipe, signal: whileFull.signal })
    await Promise.race([isFull, writing])
    whileFull.abort(new Error('interrupted'))
    await expect(writing).rejects.toThrow('interrupted')
    expect(reader.fd).toBeGreaterThan(2)
  }))
