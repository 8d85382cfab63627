import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findDockerfile, readDockerfile, replaceDockerfile } from './dockerfile-file.ts'
import { formatDockerfiles } from './format.ts'
import { lintDockerfiles } from './lint.ts'

let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'dockerfile-'))
})
afterAll(() => rm(directory, { recursive: true }))

const { signal } = new AbortController()

async function file(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(directory, name)
  await writeFile(path, content)
  return path
}

describe('replaceDockerfile()', () => {
  test('replaceDockerfile() keeps the mode and a link, and leaves no other file', async () => {
    const path = await file('kept', 'FROM a\n')
    await chmod(path, 0o751)
    const link = join(directory, 'link')
    await symlink('kept', link)
    const before = (await readdir(directory)).sort()
    await replaceDockerfile(link, 'FROM b\n')
    expect(await readDockerfile(path, signal)).toBe('FROM b\n')
    expect((await stat(path)).mode & 0o7777).toBe(0o751)
    expect((await lstat(link)).isSymbolicLink()).toBe(true)
    expect((await readdir(directory)).sort()).toEqual(before)
  })
})

test('findDockerfile() refuses a link that leads out of the context', async () => {
  const outside = await file('outside', 'FROM a\n')
  const context = join(directory, 'context')
  await mkdir(context)
  await symlink(outside, join(context, 'Dockerfile'))
  const reason = 'it is a link that leads out of the build context'
  await expect(findDockerfile(context, undefined)).rejects.toThrow(reason)
  await expect(findDockerfile(context, join(context, 'Dockerfile'))).rejects.toThrow(reason)
  expect(await findDockerfile(context, outside)).toBe(outside)
  await rm(join(context, 'Dockerfile'))
  await writeFile(join(context, 'real'), 'FROM a\n')
  await symlink('real', join(context, 'Dockerfile'))
  expect(await findDockerfile(context, undefined)).toBe(join(context, 'Dockerfile'))
})

describe('readDockerfile()', () => {
  test('readDockerfile() keeps a byte order mark, so that it can be written back', async () => {
    const path = await file('marked', '\ufeffFROM a\n')
    expect(await readDockerfile(path, signal)).toBe('\ufeffFROM a\n')
  })

  test.each([
    ['invalid UTF-8', Uint8Array.of(0x46, 0xff), 'it is not text in UTF-8'],
    ['a NUL byte', Uint8Array.of(0x46, 0), 'it is not text in UTF-8'],
    ['too many bytes', Buffer.alloc(10 * 1024 * 1024 + 1, 'a'), 'it is larger than 10 MiB'],
  ])('readDockerfile() refuses %s', async (name, content, reason) => {
    const path = await file(name, content)
    await expect(readDockerfile(path, signal)).rejects.toThrow(`Cannot read ${path}: ${reason}`)
  })

  test('readDockerfile() refuses a directory and an absent file', async () => {
    await expect(readDockerfile(directory, signal)).rejects.toThrow('it is a directory')
    await expect(readDockerfile(`${directory}/none`, signal)).rejects.toThrow('no such file')
  })
})

test('lintDockerfiles() reads the ignore file of the directory and leaves the file as it is', async () => {
  const text = 'FROM a as b\nCOPY secret /\n'
  const path = await file('Dockerfile', text)
  await file('Dockerfile.dockerignore', 'secret\n')
  const [linted] = await lintDockerfiles({ places: [path], fix: true, signal })
  expect(linted?.text).toBe('FROM a AS b\nCOPY secret /\n')
  expect(linted?.diagnostics.map(({ rule }) => rule)).toEqual(['CopyIgnoredFile'])
  expect(await readDockerfile(path, signal)).toBe(text)
})

test('formatDockerfiles() refuses a file with a mistake', async () => {
  const path = await file('wrong', 'FROM a\nRNU x\n')
  await expect(formatDockerfiles([path], signal)).rejects.toThrow(
    `Cannot format ${path}:2: unknown`,
  )
})
