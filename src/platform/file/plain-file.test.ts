import { expect, test } from 'bun:test'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { closeFile, openFlag } from '../call/posix.ts'
import { lockFileBlocking } from './file-lock.ts'
import { openPlainFile, readPlainFile } from './plain-file.ts'

/** A directory with a file, a link, a pipe and a directory. */
function furnish(): { readonly path: string } & Disposable {
  const path = mkdtempSync(`${tmpdir()}/strake-plain-`)
  writeFileSync(`${path}/file`, 'content')
  mkdirSync(`${path}/directory`)
  symlinkSync('file', `${path}/link`)
  spawnSync('mkfifo', [`${path}/pipe`])
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true }) }
}

test('openPlainFile() opens a file, and does not wait for a pipe with that name', () => {
  using made = furnish()
  closeFile(openPlainFile(`${made.path}/file`))
  closeFile(openPlainFile(`${made.path}/new`, openFlag.create | openFlag.writeOnly, 0o600))
  for (const name of ['directory', 'link', 'pipe']) {
    for (const flags of [openFlag.readOnly, openFlag.create | openFlag.writeOnly]) {
      const open = (): number => openPlainFile(`${made.path}/${name}`, flags, 0o600)
      expect(open).toThrow(`Cannot open ${made.path}/${name}: it is not a plain file`)
    }
  }
  expect(() => openPlainFile(`${made.path}/none`)).toThrow('ENOENT')
})

test('readPlainFile() returns only the text of a plain file within the limit', () => {
  using made = furnish()
  expect(readPlainFile(`${made.path}/file`, 7)).toBe('content')
  expect(readPlainFile(`${made.path}/file`, 6)).toBeUndefined()
  for (const name of ['directory', 'link', 'pipe', 'none', 'file/below']) {
    expect(readPlainFile(`${made.path}/${name}`, 7)).toBeUndefined()
  }
})

test('lockFileBlocking() refuses a pipe that has the name of its file', () => {
  using made = furnish()
  expect(() => lockFileBlocking(`${made.path}/pipe`)).toThrow('it is not a plain file')
  using _lock = lockFileBlocking(`${made.path}/lock`)
})
