import { expect, test } from 'bun:test'
import { spawn } from 'node:child_process'
import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { isStrakeError } from '#oci'
import type { TarInput } from '#tar'
import { Arena } from './testing/tree.ts'

const body = Buffer.from('owned')
const attack: readonly TarInput[] = [
  { path: 'd/victim', body, mode: 0o777 },
  { path: 'd/sub', type: 'directory', mode: 0o777, mtime: 3 },
  { path: 'd/sub/victim', body },
  { path: 'd/implied/deep/x', body },
  { path: 'd/s', type: 'symlink', linkpath: 'victim' },
  { path: 'd/h', type: 'hardlink', linkpath: 'd/victim' },
  { path: 'd/fifo', type: 'fifo', mode: 0o777 },
  { path: 'x', type: 'directory' },
  { path: 'd/sub/.wh.victim' },
  { path: 'd/.wh.sub' },
  { path: 'x/y', body },
  { path: 'd/.wh..wh..opq' },
]

// RELIABILITY A6
test('applyLayer() stays inside while another process swaps directories for links', async () => {
  using arena = new Arena()
  mkdirSync(join(arena.root, 'd'))
  symlinkSync(arena.outside, join(arena.root, 'e'))
  const child = spawn(process.execPath, [
    join(import.meta.dirname, 'testing/swapper.ts'),
    arena.root,
  ])
  let output = ''
  child.stdout.on('data', (text) => {
    output += text
  })
  const ended = new Promise((resolve) => child.on('close', resolve))
  let [rounds, failures] = [0, 0]
  const start = performance.now()
  // On a busy machine it takes longer until the two meet.
  const isMet = (): boolean => rounds > 100 && failures > 0
  const isOver = (after: number): boolean => after > 30_000 || (after > 2000 && isMet())
  while (!isOver(performance.now() - start)) {
    const { error } = await arena.apply(attack)
    if (error !== undefined && !isStrakeError(error)) throw error
    rounds++
    if (error !== undefined) failures++
    if (rounds % 20 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  child.stdin.end()
  await ended
  expect(arena.escaped()).toBe('')
  // The race was one: both took turns, and the layer met the link.
  expect(Number(output)).toBeGreaterThan(1000)
  expect(rounds).toBeGreaterThan(100)
  expect(failures).toBeGreaterThan(0)
}, 60_000)
