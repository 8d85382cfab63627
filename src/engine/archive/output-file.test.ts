import { expect, test } from 'bun:test'
import {
  mkdtemp,
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

test('writeArchive() replaces a file only by a whole one', () =>
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

test('writeArchive() and writeTextFile() follow a link and leave it', () =>
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

test('writeArchive() names the file that was asked for', async () => {
  const file = '/nowhere/at/all.tar'
  await expect(writeArchive(bytes('x'), { file })).rejects.toMatchObject({
    code: 'ENOENT',
    path: file,
  })
})
