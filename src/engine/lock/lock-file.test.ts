import { expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { maxLockSize } from '#build'
import { readLockFile } from './lock-file.ts'

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
