import { expect, test } from 'bun:test'
import { spawn } from 'node:child_process'
import { mkdirSync, symlinkSync } from 'node:fs'
import { join, relative } from 'node:path'
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

/**
 * The parent of the swapped directory `d`, and the target of the link that leads out of the root.
 */
const races: Readonly<
  Record<string, { readonly parent: string; readonly target: (arena: Arena) => string }>
> = {
  'a directory of the root for an absolute link': { parent: '', target: ({ outside }) => outside },
  'a deep directory for a relative link': {
    parent: 'a/b',
    target: ({ root, outside }) => relative(join(root, 'a/b'), outside),
  },
}

for (const [what, { parent, target }] of Object.entries(races)) {
  test(`applyLayer() stays inside the root while another process swaps ${what}`, async () => {
    using arena = new Arena()
    const directory = join(arena.root, parent)
    mkdirSync(join(directory, 'd'), { recursive: true })
    symlinkSync(target(arena), join(directory, 'e'))
    const entries = attack.map((entry) => ({
      ...entry,
      path: join(parent, entry.path),
      ...(entry.type === 'hardlink' && { linkpath: join(parent, entry.linkpath ?? '') }),
    }))
    const program = join(import.meta.dirname, 'testing/swapper.ts')
    const child = spawn(process.execPath, [program, directory])
    let output = ''
    child.stdout.on('data', (text) => {
      output += text
    })
    const ended = new Promise((resolve) => child.on('close', resolve))
    let [rounds, failures] = [0, 0]
    // On a busy machine it takes longer until both processes use the link at the same time.
    while (rounds < 20_000 && (rounds < 500 || failures < 20)) {
      const { error } = await arena.apply(entries)
      if (error !== undefined && !isStrakeError(error)) throw error
      rounds++
      if (error !== undefined) failures++
      if (rounds % 20 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    child.stdin.end()
    await ended
    expect(arena.escaped()).toBe('')
    // Check that there was a race: both processes ran, and the layer met the link.
    expect(Number(output)).toBeGreaterThan(1000)
    expect(failures).toBeGreaterThanOrEqual(20)
  }, 120_000)
}
