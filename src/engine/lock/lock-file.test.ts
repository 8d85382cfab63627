import { expect, test } from 'bun:test'
import { lstatSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { maxLockSize } from '#build'
import { lockFileToWrite, readLockFile, writeLockFile } from './lock-file.ts'

test('readLockFile() refuses pipes, directories, devices, large and absent files at once', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'lock-'))
  try {
    const pipe = join(directory, 'pipe')
    Bun.spawnSync(['mkfifo', pipe])
    const large = join(directory, 'large')
    writeFileSync(large, ' '.repeat(maxLockSize + 1))
    for (const file of [pipe, directory, '/dev/zero', large]) {
      await expect(readLockFile(file)).rejects.toThrow(`Cannot read ${file}: it is no regular file`)
    }
    await expect(readLockFile(join(directory, 'absent'))).rejects.toThrow('there is no such file')
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
})

test('a lock file of the project is not written through a link or into a pipe', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'lock-'))
  try {
    const victim = join(directory, 'victim')
    writeFileSync(victim, 'as it was')
    const file = join(directory, 'build.lock')
    const place = { context: directory, lock: { mode: 'write' as const } }
    const find = (): Promise<string> => lockFileToWrite(place, () => false)
    expect(await find()).toBe(file)
    symlinkSync(victim, file)
    await expect(find()).rejects.toThrow(`Cannot write ${file}: it is not a regular file`)
    await writeLockFile(place, file, { sources: [] })
    expect(readFileSync(victim, 'utf8')).toBe('as it was')
    expect(lstatSync(file).isFile()).toBe(true)
    expect(await find()).toBe(file)
    rmSync(file)
    Bun.spawnSync(['mkfifo', file])
    await expect(find()).rejects.toThrow('it is not a regular file')
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
})

test('a lock file that the user names may be a link', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'lock-'))
  try {
    const file = join(directory, 'shared.lock')
    writeFileSync(file, '')
    const link = join(directory, 'link.lock')
    symlinkSync(file, link)
    const place = { context: directory, lock: { mode: 'write' as const, file: link } }
    await writeLockFile(place, await lockFileToWrite(place, () => false), { sources: [] })
    expect(await readLockFile(file)).toEqual({ sources: [] })
    expect(lstatSync(link).isSymbolicLink()).toBe(true)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
})
