import { expect, test } from 'bun:test'
import { gzipSync } from 'node:zlib'
import { createMemoryRegistry, type Repository } from '#registry'
import { fromBuffer } from '#stream'
import { packTar, type TarInput } from '#tar'
import { blob } from '../../registry/testing/fixtures.ts'
import { compareTrees, contentsOf, type FileTree, listDirectory } from './file-tree.ts'
import { layerLimits, readLayerFiles } from './layer-files.ts'
import { LayerIndex } from './layer-index.ts'
import { mergeLayers } from './merge-layers.ts'
import { readFileOf, readText } from './read-file.ts'

const signal = new AbortController().signal

function merge(layers: Parameters<typeof mergeLayers>[0]): FileTree {
  const tree = mergeLayers(layers, 1000)
  if (tree === undefined) throw new TypeError('too many files')
  return tree
}

async function push(repository: Repository, entries: readonly TarInput[] | Uint8Array) {
  const raw = entries instanceof Uint8Array ? entries : await packTar(entries)
  const { descriptor } = blob(new Uint8Array(gzipSync(raw)))
  await repository.write(descriptor, fromBuffer(new Uint8Array(gzipSync(raw))))
  return descriptor.digest
}

test('layers above each other show what a container sees', async () => {
  const repository = createMemoryRegistry().repository('app')
  const lower = await push(repository, [
    { path: 'etc/passwd', body: Buffer.from('root\n') },
    { path: 'etc/old', body: Buffer.from('old') },
    { path: 'data/a/b', body: Buffer.from('b') },
    { path: 'opaque/gone', body: Buffer.from('') },
    { path: 'kind/inner', body: Buffer.from('x') },
  ])
  const upper = await push(repository, [
    { path: './etc/.wh.old', body: Buffer.from('') },
    { path: '.wh.data', body: Buffer.from('') },
    { path: 'opaque/.wh..wh..opq', body: Buffer.from('') },
    { path: 'opaque/new', body: Buffer.from('n') },
    { path: 'kind', body: Buffer.from('now a file') },
    { path: 'etc/passwd', body: Buffer.from('user\n') },
    { path: 'etc/link', type: 'hardlink', linkpath: 'etc/passwd' },
  ])
  const index = new LayerIndex()
  const layers = [await index.read(repository, lower), await index.read(repository, upper)]
  const tree = merge(layers)
  expect([...tree.keys()].sort()).toEqual([
    'etc',
    'etc/link',
    'etc/passwd',
    'kind',
    'opaque',
    'opaque/new',
  ])
  expect(listDirectory(tree, '').map(({ path }) => path)).toEqual(['etc', 'opaque', 'kind'])
  const passwd = tree.get('etc/passwd')
  if (passwd === undefined) throw new TypeError('no file')
  expect(await readText(readFileOf(repository, passwd, signal))).toBe('user\n')
  const changes = compareTrees(merge(layers.slice(0, 1)), tree)
  expect(changes.map(({ kind, path, attributes }) => [kind, path, ...attributes])).toEqual([
    ['removed', 'data'],
    ['removed', 'data/a'],
    ['removed', 'data/a/b'],
    ['added', 'etc/link'],
    ['removed', 'etc/old'],
    ['changed', 'etc/passwd', 'contents'],
    ['changed', 'kind', 'type'],
    ['removed', 'kind/inner'],
    ['removed', 'opaque/gone'],
    ['added', 'opaque/new'],
  ])
})

test('a hard link keeps its contents when a higher layer replaces another name of the file', async () => {
  const repository = createMemoryRegistry().repository('app')
  const linked = await push(repository, [
    { path: 'bin/tool', body: Buffer.from('first') },
    { path: 'bin/alias', type: 'hardlink', linkpath: './bin/tool' },
    { path: 'loop', type: 'hardlink', linkpath: 'loop' },
    { path: 'out', type: 'hardlink', linkpath: '../bin/tool' },
  ])
  const replacing = await push(repository, [{ path: 'bin/tool', body: Buffer.from('second') }])
  const again = await push(repository, [
    { path: 'bin/later', type: 'hardlink', linkpath: '/bin/tool' },
    { path: 'bin/chain', type: 'hardlink', linkpath: 'bin/alias' },
  ])
  const removing = await push(repository, [
    { path: 'bin/.wh.tool', body: Buffer.from('') },
    { path: 'bin/.wh.alias', body: Buffer.from('') },
  ])
  const index = new LayerIndex()
  const read = async (tree: FileTree, path: string) => {
    const file = tree.get(path)
    const contents = file && contentsOf(file)
    return contents && (await readText(readFileOf(repository, contents, signal)))
  }
  const lowest = await index.readTree(repository, [linked])
  const image = await index.readTree(repository, [linked, replacing, again])
  expect(await read(image, 'bin/tool')).toBe('second')
  expect(await read(image, 'bin/alias')).toBe('first')
  expect(await read(image, 'bin/later')).toBe('second')
  expect(await read(image, 'bin/chain')).toBe('first')
  const left = await index.readTree(repository, [linked, replacing, again, removing])
  expect(await read(left, 'bin/later')).toBe('second')
  expect(await read(left, 'bin/chain')).toBe('first')
  for (const path of ['loop', 'out']) expect(await read(image, path)).toBeUndefined()
  expect(await read(await index.readTree(repository, [again]), 'bin/later')).toBeUndefined()
  const changes = compareTrees(lowest, image).map(({ kind, path }) => [kind, path])
  expect(changes).toContainEqual(['changed', 'bin/tool'])
  expect(changes).not.toContainEqual(['changed', 'bin/alias'])
})

test('a layer beyond a limit is refused', async () => {
  const repository = createMemoryRegistry().repository('app')
  const bomb = await push(repository, [{ path: 'zero', body: new Uint8Array(4_000_000) }])
  const read = (change: Partial<typeof layerLimits>, digest = bomb) =>
    readLayerFiles(repository, digest, { signal, limits: { ...layerLimits, ...change } })
  expect((await read({})).files).toHaveLength(1)
  await expect(read({ ratioFrom: 100_000 })).rejects.toMatchObject({ code: 'SIZE_INVALID' })
  await expect(read({ size: 1_000_000 })).rejects.toMatchObject({ code: 'SIZE_INVALID' })
  await expect(read({ stored: 10 })).rejects.toMatchObject({ code: 'INVALID' })
  await expect(read({ text: 3 })).rejects.toMatchObject({ code: 'INVALID' })
  const many = await push(repository, [{ path: 'a' }, { path: 'b' }])
  await expect(read({ entries: 1 }, many)).rejects.toMatchObject({ code: 'INVALID' })
  const escaping = await push(repository, [{ path: '../out' }])
  await expect(read({}, escaping)).rejects.toMatchObject({ code: 'INVALID' })
  const noise = await push(repository, Buffer.from('no archive at all'.repeat(100)))
  await expect(read({}, noise)).rejects.toMatchObject({ code: 'INVALID' })
})

test('a kept list is shown only for a repository that holds the layer', async () => {
  const registry = createMemoryRegistry()
  const secret = registry.repository('secret')
  const digest = await push(secret, [{ path: 'key', body: Buffer.from('k') }])
  const index = new LayerIndex()
  expect((await index.read(secret, digest)).files).toHaveLength(1)
  await expect(index.read(registry.repository('other'), digest)).rejects.toMatchObject({
    code: 'BLOB_UNKNOWN',
  })
})

test('lists are read once at a time, kept within a bound, and too many are refused', async () => {
  const repository = createMemoryRegistry().repository('app')
  const digests = await Promise.all(
    ['a', 'b', 'c', 'd'].map((path) => push(repository, [{ path, body: Buffer.from(path) }])),
  )
  let opened = 0
  const read = repository.read.bind(repository)
  Object.assign(repository, {
    read: (...asked: Parameters<Repository['read']>) => {
      opened += 1
      return read(...asked)
    },
  })
  const [first = 'sha256:', second = 'sha256:'] = digests as `sha256:${string}`[]
  const index = new LayerIndex({ entries: 3, atOnce: 1, waiting: 1 })
  await Promise.all([index.read(repository, first), index.read(repository, first)])
  await index.read(repository, first)
  expect(opened).toBe(1)
  await index.read(repository, second)
  await index.read(repository, first)
  expect(opened).toBe(3)
  const small = new LayerIndex({ atOnce: 1, waiting: 1 })
  const results = await Promise.allSettled(digests.map((each) => small.read(repository, each)))
  const refused = results.filter(({ status }) => status === 'rejected')
  expect(refused.length).toBe(2)
})

test('the files of an image are merged once, and a hidden layer stays hidden', async () => {
  const registry = createMemoryRegistry()
  const app = registry.repository('app')
  const digests = [await push(app, [{ path: 'a' }]), await push(app, [{ path: 'b' }])]
  const index = new LayerIndex({ entries: 4 })
  const tree = await index.readTree(app, digests)
  expect([...tree.keys()]).toEqual(['a', 'b'])
  expect(await index.readTree(app, digests)).toBe(tree)
  await expect(index.readTree(registry.repository('other'), digests)).rejects.toMatchObject({
    code: 'BLOB_UNKNOWN',
  })
  const small = new LayerIndex({ entries: 3 })
  await expect(small.readTree(app, digests)).rejects.toMatchObject({ code: 'INVALID' })
})

test('only text is shown, and no more than the limit', async () => {
  expect(await readText(fromBuffer(Buffer.from('grün\n')))).toBe('grün\n')
  expect(await readText(fromBuffer(Buffer.from([0xff, 0xfe])))).toBeUndefined()
  expect(await readText(fromBuffer(Buffer.from('a\0b')))).toBeUndefined()
  expect((await readText(fromBuffer(Buffer.alloc(300_000, 'ü'))))?.length).toBe(131_072)
})
