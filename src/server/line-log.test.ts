import { expect, test } from 'bun:test'
import { readFile, rename, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { mkdtempDisposable } from '#platform'
import { openLineLog } from './line-log.ts'

test('openLineLog() writes private files, and follows a file that is moved away', async () => {
  await using directory = await mkdtempDisposable(tmpdir(), 'strake-log-')
  const path = `${directory.path}/audit.log`
  let time = 0
  using log = openLineLog(path, () => time)
  log.write({ text: 'one\ntwo' })
  expect(await readFile(path, 'utf8')).toBe('{"text":"one\\ntwo"}\n')
  expect((await stat(path)).mode & 0o777).toBe(0o600)
  await rename(path, `${path}.1`)
  time += 1000
  log.write({ n: 2 })
  expect(await readFile(path, 'utf8')).toBe('{"n":2}\n')
  expect(() => openLineLog(`${directory.path}/none/audit.log`)).toThrow('ENOENT')
})
