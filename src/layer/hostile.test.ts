import { expect, test } from 'bun:test'
import { readdirSync } from 'node:fs'
import fc from 'fast-check'
import { isStrakeError, type StrakeError } from '#oci'
import type { TarInput } from '#tar'
import { applyLayer } from './apply.ts'
import { packTree } from './diff.ts'
import { Arena, isRoot, one } from './testing/tree.ts'

const component = fc.constantFrom('a', 'b', 'c', 'a', 'b', '.', '..', '', '.wh.a', '.wh..wh..opq')
const path = fc.array(component, { minLength: 1, maxLength: 5 }).map((parts) => parts.join('/'))
const target = fc.oneof(
  path,
  path.map((text) => `/${text}`),
  fc.constantFrom('../outside', '../outside/victim', '../../../../../../etc', '/proc/self/cwd'),
)

const entry: fc.Arbitrary<TarInput> = fc
  .record({
    path: path.filter((text) => text !== ''),
    type: fc.constantFrom(
      'file',
      'directory',
      'symlink',
      'hardlink',
      'fifo',
      'directory',
      'symlink',
    ),
    linkpath: target.filter((text) => text !== ''),
    mode: fc.nat(0o7777),
    mtime: fc.nat(2 ** 31),
  })
  .filter(({ path: text, type }) => type === 'directory' || !text.endsWith('/'))

/** What the layers did, as text. Must be the same for the same layers. */
async function outcome(arena: Arena, layers: readonly (readonly TarInput[])[]): Promise<string> {
  for (const layer of layers) {
    const { error } = await arena.apply(layer)
    if (error !== undefined && !isStrakeError(error)) throw error
    if (error !== undefined) return `refused: ${(error as StrakeError).message}`
  }
  return 'applied'
}

test('applyLayer() contains any list of layers, and refuses only with a reason', async () => {
  const layers = fc.array(fc.array(entry, { maxLength: 12 }), { minLength: 1, maxLength: 3 })
  const outcomes = new Map<string, number>()
  const before = readdirSync('/proc/self/fd').length
  await fc.assert(
    fc.asyncProperty(layers, async (row) => {
      using arena = new Arena()
      const result = await outcome(arena, row)
      expect(arena.escaped()).toBe('')
      const kind = result.replace(/^.*: /, '')
      outcomes.set(kind, (outcomes.get(kind) ?? 0) + 1)
    }),
    { numRuns: 600 },
  )
  expect(readdirSync('/proc/self/fd').length).toBe(before)
  expect(outcomes.get('applied')).toBeGreaterThan(20)
  expect(outcomes.size).toBeGreaterThan(5)
}, 30_000)

test.skipIf(!isRoot)(
  'applyLayer() applied twice makes the same tree',
  async () => {
    const layer = fc.array(entry, { maxLength: 15 })
    await fc.assert(
      fc.asyncProperty(layer, async (entries) => {
        using first = new Arena()
        using second = new Arena()
        if ((await outcome(first, [entries])) !== 'applied') return
        const chunks: Uint8Array[] = []
        for await (const chunk of packTree(first.root, { includeRoot: true })) chunks.push(chunk)
        const packed = Buffer.concat(chunks)
        await applyLayer(one(packed), second.root)
        const again: Uint8Array[] = []
        for await (const chunk of packTree(second.root, { includeRoot: true })) again.push(chunk)
        expect(Buffer.compare(Buffer.concat(again), packed)).toBe(0)
      }),
      { numRuns: 200 },
    )
  },
  30_000,
)
