import { afterEach, beforeEach, expect, test } from 'bun:test'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { freeLater } from './free-later.ts'

let directory: string
beforeEach(() => {
  directory = mkdtempSync(`${tmpdir()}/strake-free-`)
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const folderOf = (name: string, bytes: Uint8Array): string => {
  mkdirSync(`${directory}/${name}`)
  writeFileSync(`${directory}/${name}/layer.tar`, bytes)
  return `${directory}/${name}`
}

test('freeLater() has freed small folders when it returns', async () => {
  const folders = [folderOf('a', Buffer.from('x')), folderOf('b', Buffer.alloc(0))]
  await freeLater(folders)
  expect(folders.filter((folder) => existsSync(folder))).toEqual([])
})

test('freeLater() frees large folders soon, and nothing beside them', async () => {
  const much = folderOf('much', Buffer.alloc(48 * 1024 ** 2, 1))
  const other = folderOf('other', Buffer.from('x'))
  await freeLater([much])
  const deadline = Date.now() + 5_000
  while (existsSync(much) && Date.now() < deadline) await Bun.sleep(5)
  expect([existsSync(much), existsSync(other)]).toEqual([false, true])
})

test('freeLater() closes the descriptors, and frees small folders too', async () => {
  const folder = folderOf('held', Buffer.alloc(0))
  const pipe = `${directory}/pipe`
  Bun.spawnSync(['mkfifo', pipe])
  // Reading ends when the last writer has closed the pipe.
  const reader = Bun.spawn(['cat', pipe], { stdout: 'ignore' })
  const held = openSync(pipe, 'w')
  await freeLater([folder], [held])
  expect(existsSync(`/proc/self/fd/${held}`)).toBe(false)
  expect(await reader.exited).toBe(0)
  const deadline = Date.now() + 5_000
  while (existsSync(folder) && Date.now() < deadline) await Bun.sleep(5)
  expect(existsSync(folder)).toBe(false)
})

test('freeLater() counts only the allocated blocks of a sparse file', async () => {
  const folder = folderOf('holes', Buffer.alloc(0))
  truncateSync(`${folder}/layer.tar`, 1024 ** 4)
  await freeLater([folder])
  expect(existsSync(folder)).toBe(false)
})

test('freeLater() accepts folders that another process has removed from the trash', async () => {
  const absent = `${directory}/absent`
  await freeLater([absent])
  const folder = `${directory}/present`
  mkdirSync(folder)
  await freeLater([absent, folder])
  expect(existsSync(folder)).toBe(false)
})
