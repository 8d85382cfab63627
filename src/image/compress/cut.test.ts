import { expect, test } from 'bun:test'
import { packTar, type TarInput } from '#tar'
import { findCut } from './cut.ts'

function files(names: readonly string[]): Promise<Uint8Array> {
  const entry = (path: string): TarInput => ({ path, body: new TextEncoder().encode(path) })
  return packTar(names.map(entry))
}

const names = Array.from({ length: 400 }, (_, index) => `usr/lib/file-${index}`)

/** Every position where an archive may be cut. */
function cutsOf(tar: Uint8Array): number[] {
  const cuts: number[] = []
  for (let at = findCut(tar, 0); at !== undefined; at = findCut(tar, at + 1)) cuts.push(at)
  return cuts
}

test('findCut() finds about every sixteenth entry, and only entries', async () => {
  const tar = await files(names)
  const cuts = cutsOf(tar)
  expect(cuts.length).toBeGreaterThan(10)
  expect(cuts.length).toBeLessThan(60)
  for (const at of cuts) expect(new TextDecoder().decode(tar.subarray(at, at + 8))).toBe('usr/lib/')
})

test('findCut() finds the same entries whatever is before them', async () => {
  const tar = await files(names)
  const shifted = await files(['one', 'two', ...names])
  const shift = shifted.length - tar.length
  const expected = cutsOf(tar).map((at) => at + shift)
  expect(cutsOf(shifted).filter((at) => at >= 4 * 512)).toEqual(expected)
})

test('findCut() finds no cut in an incomplete block, before `from`, or in other data', async () => {
  const tar = await files(names)
  const [first = 0, second = 0] = cutsOf(tar)
  expect(findCut(tar, first + 1)).toBe(second)
  expect(findCut(tar.subarray(0, first + 511), 0)).toBeUndefined()
  expect(findCut(tar.subarray(0, first + 512), 0)).toBe(first)
  expect(findCut(new Uint8Array(100_000), 0)).toBeUndefined()
  expect(findCut(new Uint8Array(100_000).fill(0x75), 0)).toBeUndefined()
})
