import { expect, test } from 'bun:test'
import { chainIds, type Digest, sha256 } from '#oci'
import { formatDiffIds, KnownLists, makes, parseDiffIds } from './lineage.ts'

const layers: readonly Digest[] = ['one', 'two', 'three'].map((name) => sha256(name))
const [first = sha256(''), second = first, third = first] = chainIds(layers)

test('parseDiffIds() reads what formatDiffIds() wrote', () => {
  expect(parseDiffIds(formatDiffIds(layers), third)).toEqual(layers)
  expect(parseDiffIds(formatDiffIds(layers.slice(0, 1)), first)).toEqual(layers.slice(0, 1))
})

test('parseDiffIds() accepts only a whole list that makes the chain', () => {
  const text = formatDiffIds(layers)
  for (const [wrong, chainId] of [
    [text.slice(0, -1), third],
    [text.slice(0, -1), second],
    [`${formatDiffIds(layers.slice(0, 2))}half of a line`, second],
    [text, second],
    [`${text}\n`, third],
    [`${text}x\n`, third],
    [`x\n${text}`, third],
    [text.replaceAll('\n', '\r\n'), third],
    [text.toUpperCase(), third],
    [formatDiffIds(layers.toReversed()), third],
    ['', third],
    ['\n', third],
  ] as const) {
    expect(parseDiffIds(wrong, chainId)).toBeUndefined()
  }
})

test('makes() requires exactly the layers of the chain', () => {
  expect(makes(layers, third)).toBe(true)
  expect(makes(layers, second)).toBe(false)
  expect(makes(layers.slice(0, 2), third)).toBe(false)
  expect(makes([], third)).toBe(false)
})

test('KnownLists finds the chains below a chain', () => {
  const lists = new KnownLists([layers])
  expect(lists.of(first)).toEqual(layers.slice(0, 1))
  expect(lists.of(second)).toEqual(layers.slice(0, 2))
  expect(lists.of(third)).toEqual(layers)
  expect(lists.of(sha256('other'))).toBeUndefined()
})
