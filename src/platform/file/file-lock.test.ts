import { afterAll, beforeAll, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { lockFile, lockFileBlocking } from './file-lock.ts'

let directory: string
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'strake-lock-'))
})
afterAll(() => rmSync(directory, { recursive: true }))

test('lockFileBlocking() allows one holder at a time', () => {
  const path = join(directory, 'blocking')
  const held = lockFileBlocking(path)
  const refusal = `Cannot lock ${path}: another process holds it`
  expect(() => lockFileBlocking(path, { patience: 5 })).toThrow(refusal)
  held[Symbol.dispose]()
  // After the first disposal the number of the descriptor may belong to another file.
  held[Symbol.dispose]()
  lockFileBlocking(path, { patience: 5 })[Symbol.dispose]()
})

test('lockFile() allows one holder at a time, and does not block the thread', async () => {
  const path = join(directory, 'waiting')
  const order: string[] = []
  const hold = async (name: string): Promise<void> => {
    using _lock = await lockFile(path)
    order.push(`${name} begins`)
    await new Promise((resolve) => setTimeout(resolve, 5))
    order.push(`${name} ends`)
  }
  await Promise.all([hold('one'), hold('two')])
  expect(order).toEqual(['one begins', 'one ends', 'two begins', 'two ends'])
})

test('lockFile() ends with its timeout or its signal', async () => {
  const path = join(directory, 'given-up')
  using _lock = await lockFile(path)
  const refusal = `Cannot lock ${path}: another process holds it`
  await expect(lockFile(path, { patience: 5 })).rejects.toThrow(refusal)
  const controller = new AbortController()
  const waiting = lockFile(path, { signal: controller.signal })
  controller.abort(new Error('no longer wanted'))
  await expect(waiting).rejects.toThrow('no longer wanted')
})
