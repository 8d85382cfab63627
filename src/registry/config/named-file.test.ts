import { expect, test } from 'bun:test'
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { mkdtempDisposable } from '#platform'
import { readBoundedFile, readNamedFile } from './named-file.ts'

test('readBoundedFile() reads files and pipes up to a limit', async () => {
  await using scratch = await mkdtempDisposable(tmpdir())
  const file = join(scratch.path, 'file')
  await writeFile(file, '12345')
  expect(await readBoundedFile(file, 5)).toBe('12345')
  expect(readBoundedFile(file, 4)).rejects.toThrow(`Cannot read ${file}: it has more than 4 bytes`)
  const pipe = join(scratch.path, 'pipe')
  Bun.spawnSync(['mkfifo', pipe])
  const writing = writeFile(pipe, 'piped')
  expect(await readBoundedFile(pipe)).toBe('piped')
  await writing
})

test('readBoundedFile() reads no device and no directory', async () => {
  for (const path of ['/dev/zero', tmpdir()]) {
    expect(readBoundedFile(path)).rejects.toMatchObject({
      code: 'INVALID',
      message: `Cannot read ${path}: it is neither a file nor a pipe`,
    })
  }
  expect(readBoundedFile('/absent')).rejects.toMatchObject({ code: 'ENOENT' })
  expect(readNamedFile('/absent')).rejects.toMatchObject({ code: 'INVALID' })
})
