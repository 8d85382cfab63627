import { expect, test } from 'bun:test'
import { fromBuffer } from '#stream'
import { packTar, readTar, type TarInput } from '#tar'
import type { Selection } from '../files/select-sources.ts'
import { emptyTree } from './empty-tree.ts'
import { type LayerListing, layListings, listLayer } from './listed-tree.ts'
import { layOut } from './placement.ts'

const file: Selection = {
  name: 'f',
  isDirectory: false,
  items: [{ relative: '', content: { inline: '' } }],
}

async function place(destination: string, ...layers: TarInput[][]): Promise<string[]> {
  const listings = await Promise.all(
    layers.map(async (entries) => listLayer(readTar(fromBuffer(await packTar(entries))))),
  )
  const options = { destination, intoDirectory: true }
  const { entries } = layOut(layListings(emptyTree, listings), [file], options)
  return entries.map(({ path }) => path)
}

test('layListings() shows directories, links and files of all layers, the topmost first', async () => {
  const lower: TarInput[] = [
    { path: 'usr', type: 'directory' },
    { path: 'usr/lib', type: 'directory' },
    { path: 'lib', type: 'symlink', linkpath: 'usr/lib' },
    { path: 'way', type: 'symlink', linkpath: '/usr' },
  ]
  expect(await place('/lib', lower)).toEqual(['usr/lib/f'])
  expect(await place('/way/lib/x', lower)).toEqual(['usr/lib/x', 'usr/lib/x/f'])
  expect(await place('/usr', lower, [{ path: 'usr/x', body: Buffer.from('') }])).toEqual(['usr/f'])
  const upper: TarInput[] = [{ path: 'way', type: 'symlink', linkpath: '/lib' }]
  expect(await place('/way', lower, upper)).toEqual(['usr/lib/f'])
  await expect(place('/usr/x', lower, [{ path: 'usr/x', body: Buffer.from('') }])).rejects.toThrow(
    'Cannot copy to /usr/x',
  )
})

test('layListings() shows the files in a directory that a listing has too', async () => {
  const list = async (...entries: TarInput[]): Promise<LayerListing> =>
    listLayer(readTar(fromBuffer(await packTar(entries))))
  const directory = (path: string): TarInput => ({ path, type: 'directory' })
  const below = layListings(emptyTree, [await list(directory('usr'), directory('usr/lib'))])
  const tree = layListings(below, [await list(directory('usr'))])
  const { entries } = layOut(tree, [file], { destination: '/usr/lib', intoDirectory: true })
  expect(entries.map(({ path }) => path)).toEqual(['usr/lib/f'])
})
