import { expect, test } from 'bun:test'
import { mkdtempDisposableSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readSmallFile } from '../call/posix.ts'
import { KnownFiles } from './known-files.ts'

/** Long enough for the time of a change to prove that nothing else changed within its step. */
const settle = (): Promise<void> => Bun.sleep(80)

function watched(path: string): { readonly get: () => string | undefined; reads: number } {
  const files = new KnownFiles((file) => {
    counted.reads += 1
    return readSmallFile(file)
  })
  const counted = { get: () => files.get(path), reads: 0 }
  return counted
}

test('KnownFiles reads a file once while it is unchanged', async () => {
  using made = mkdtempDisposableSync(join(tmpdir(), 'known-'))
  const path = `${made.path}/file`
  writeFileSync(path, 'one')
  await settle()
  const file = watched(path)
  for (let round = 0; round < 5; round += 1) expect(file.get()).toBe('one')
  expect(file.reads).toBe(1)
})

test('KnownFiles sees each change: by a rename, in place, with old times, and removal', async () => {
  using made = mkdtempDisposableSync(join(tmpdir(), 'known-'))
  const path = `${made.path}/file`
  const file = watched(path)
  expect(file.get()).toBeUndefined()
  writeFileSync(path, 'one')
  await settle()
  expect(file.get()).toBe('one')
  writeFileSync(`${path}.new`, 'two')
  utimesSync(`${path}.new`, 1, 1)
  renameSync(`${path}.new`, path)
  expect(file.get()).toBe('two')
  await settle()
  expect(file.get()).toBe('two')
  writeFileSync(path, 'six')
  utimesSync(path, 1, 1)
  expect(file.get()).toBe('six')
  await settle()
  expect(file.get()).toBe('six')
  // Nobody looks while the change is fresh.
  writeFileSync(path, 'ten')
  utimesSync(path, 1, 1)
  await settle()
  expect(file.get()).toBe('ten')
  rmSync(path)
  expect(file.get()).toBeUndefined()
})

test('KnownFiles sees changes faster than the clock of the file system', () => {
  using made = mkdtempDisposableSync(join(tmpdir(), 'known-'))
  const path = `${made.path}/file`
  const file = watched(path)
  for (let number = 100_000; number < 102_000; number += 1) {
    writeFileSync(path, `${number}`)
    expect(file.get()).toBe(`${number}`)
    expect(file.get()).toBe(`${number}`)
  }
  // Most second looks come so soon that the status proves nothing.
  expect(file.reads).toBeGreaterThan(3000)
})
