import { expect, test } from 'bun:test'
import { chainIds, sha256 } from '#oci'
import { formatLayers, parseLayers, parseLines } from './layer-list.ts'

const layers = [
  { diffId: sha256('one'), size: 1024, sparseSize: 0 },
  { diffId: sha256('two'), size: 2048, sparseSize: 512 },
]
const chainId = chainIds(layers.map(({ diffId }) => diffId))[1] ?? sha256('')

test('parseLayers() reads what formatLayers() wrote', () => {
  expect(parseLayers(formatLayers(layers), chainId)).toEqual(layers)
  expect(parseLines(formatLayers(layers))).toEqual(layers)
})

test('parseLayers() detects every change of a size, of a layer and of the seal', () => {
  const text = formatLayers(layers)
  const [one = '', two = '', seal = ''] = text.split('\n')
  for (const wrong of [
    text.replace(' 1024 ', ' 1025 '),
    text.replace(' 512\n', ' 513\n'),
    text.replace(' 512\n', ' 0\n'),
    `${two}\n${one}\n${seal}\n`,
    `${two}\n${seal}\n`,
    `${one}\n${two}\n`,
    `${one}\n${two}\n${seal}`,
    `${text}\n`,
    text.replace(' 1024 ', ' 01024 '),
    formatLayers(layers.toReversed()),
    formatLayers(layers.slice(0, 1)),
    '',
  ]) {
    expect(parseLayers(wrong, chainId)).toBeUndefined()
  }
})
