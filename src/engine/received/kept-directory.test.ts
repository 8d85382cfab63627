import { afterEach, beforeEach, expect, test } from 'bun:test'
import { existsSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Engine } from '../engine.ts'
import { listKept, openKeptDirectory, pruneKept } from './kept-directory.ts'

let engine: Engine

beforeEach(() => {
  const root = mkdtempSync(join(tmpdir(), 'kept-'))
  engine = { root } as Engine
})
afterEach(() => rmSync(engine.root, { recursive: true }))

const limits = { bytes: 100, count: 3, age: 60_000 }

async function use(key: string, size = 0): Promise<string> {
  await using kept = await openKeptDirectory(engine, key, limits)
  writeFileSync(join(kept.path, 'file'), key)
  kept.noteSize(size)
  return kept.path
}

test('openKeptDirectory() gives a key its files again', async () => {
  const path = await use('a')
  await using again = await openKeptDirectory(engine, 'a', limits)
  expect(again.path).toBe(path)
  expect(readdirSync(path)).toEqual(['file'])
  await using other = await openKeptDirectory(engine, 'b', limits)
  expect(readdirSync(other.path)).toEqual([])
})

test('openKeptDirectory() gives each of two builds a directory of its own', async () => {
  const path = await use('a')
  await using first = await openKeptDirectory(engine, 'a', limits)
  const second = await openKeptDirectory(engine, 'a', limits)
  expect(first.path).toBe(path)
  expect(readdirSync(second.path)).toEqual([])
  await second[Symbol.asyncDispose]()
  expect(existsSync(second.path)).toBe(false)
  expect(existsSync(first.path)).toBe(true)
})

test('openKeptDirectory() keeps nothing without a key', async () => {
  expect(existsSync(await use(''))).toBe(false)
})

test('kept directories stay within their bytes, their number and their age', async () => {
  const [a, b] = [await use('a', 60), await use('b', 60)]
  expect([a, b].map(existsSync)).toEqual([false, true])
  const others = [await use('c', 1), await use('d', 1), await use('e', 1)]
  expect([b, ...others].map(existsSync)).toEqual([false, true, true, true])
  const old = new Date(Date.now() - 120_000)
  utimesSync(dirname(others[1] ?? ''), old, old)
  await use('e', 1)
  expect(others.map(existsSync)).toEqual([true, false, true])
})

test('pruneKept() removes what no build uses, and returns its size', async () => {
  await use('a', 10)
  await use('b', 20)
  await using busy = await openKeptDirectory(engine, 'b', limits)
  expect(await pruneKept(engine, { unusedSince: 0 })).toBe(0)
  expect(await pruneKept(engine)).toBe(10)
  expect((await listKept(engine)).map(({ size }) => size)).toEqual([20])
  expect(existsSync(busy.path)).toBe(true)
})
