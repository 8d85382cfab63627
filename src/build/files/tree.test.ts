import { afterAll, expect, test } from 'bun:test'
import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { parseIgnore } from '#dockerfile'
import { mkdtempDisposable } from '#platform'
import { toBuffer } from '#stream'
import type { FileNode } from './node.ts'
import { resolveNode } from './resolve.ts'
import { type FileTree, openTree } from './tree.ts'

const directory = await mkdtempDisposable(tmpdir(), 'strake-tree-')
afterAll(() => directory[Symbol.asyncDispose]())
const canary = 'the host keeps this to itself'
await writeFile(`${directory.path}/secret`, canary)

async function tree(name: string, ignore?: string): Promise<FileTree> {
  const root = `${directory.path}/${name}`
  await mkdir(`${root}/sub`, { recursive: true })
  await writeFile(`${root}/sub/file`, 'inside')
  return openTree(root, {
    name: 'the build context',
    hasOwners: false,
    ...(ignore !== undefined && { ignore: parseIgnore(ignore) }),
  })
}

async function text(files: FileTree, node: FileNode | undefined): Promise<string> {
  if (node === undefined) throw new Error('there is no such node')
  const contents = files.read(node)
  return Buffer.from(
    contents instanceof Uint8Array ? contents : await toBuffer(contents, 1e8),
  ).toString()
}

test('resolveNode() follows links inside the root only, as a container would', async () => {
  using files = await tree('links')
  const { root } = files
  await symlink('/sub', `${root}/absolute`)
  await symlink('../../../../../../sub', `${root}/up`)
  await symlink('/etc/passwd', `${root}/passwd`)
  await symlink(`${directory.path}/secret`, `${root}/secret`)
  await symlink('loop', `${root}/loop`)
  expect(resolveNode(files, 'absolute/file')?.path).toBe('sub/file')
  expect(resolveNode(files, 'up/file')?.path).toBe('sub/file')
  expect(resolveNode(files, '../../sub/file')?.path).toBe('sub/file')
  expect(resolveNode(files, 'passwd')).toBeUndefined()
  expect(resolveNode(files, 'secret')).toBeUndefined()
  expect(() => resolveNode(files, 'loop')).toThrow('its links form a loop')
})

test('read() does not follow a directory that became a link after it was listed', async () => {
  using files = await tree('swapped')
  const node = resolveNode(files, 'sub/file')
  await mkdir(`${directory.path}/outside`)
  await writeFile(`${directory.path}/outside/file`, canary)
  await rename(`${files.root}/sub`, `${files.root}/was`)
  await symlink('../outside', `${files.root}/sub`)
  await expect(text(files, node)).rejects.toThrow(
    'it changed in the build context while it was read',
  )
})

test('read() refuses a file that was replaced after it was listed, small or large', async () => {
  for (const size of [5, 600_000]) {
    using files = await tree(`replaced-${size}`)
    await writeFile(`${files.root}/data`, Buffer.alloc(size, 1))
    const node = resolveNode(files, 'data')
    expect(await text(files, node)).toHaveLength(size)
    await writeFile(`${files.root}/other`, Buffer.alloc(size, 2))
    await rename(`${files.root}/other`, `${files.root}/data`)
    await expect(text(files, node)).rejects.toThrow('it changed')
  }
})

test('list() leaves out what is ignored and keeps directories of exceptions', async () => {
  using files = await tree('ignored', 'node_modules\nlogs\n!logs/keep\n*.tmp\n')
  for (const path of ['node_modules/a', 'logs/keep', 'logs/drop', 'empty/x.tmp', 'b.tmp']) {
    await mkdir(`${files.root}/${path.split('/').slice(0, -1).join('/')}`, { recursive: true })
    await writeFile(`${files.root}/${path}`, '')
  }
  const names = (node: FileNode | undefined): string[] =>
    node === undefined ? [] : files.list(node).map(({ name }) => name)
  expect(names(files.top)).toEqual(['empty', 'logs', 'sub'])
  expect(names(resolveNode(files, 'logs'))).toEqual(['keep'])
  expect(resolveNode(files, 'node_modules')).toBeUndefined()
  expect(files.hides('b.tmp')).toBe(true)
  expect(files.hides('gone.tmp')).toBe(false)
})

test('list() keeps names that are not UTF-8, by which files are found and read', async () => {
  using files = await tree('names', 'gone*\n')
  for (const name of ['caf\xe9', 'gone\xff']) {
    await writeFile(Buffer.from(`${files.root}/${name}`, 'latin1'), name)
  }
  const names = files.list(files.top).map(({ name }) => name)
  expect(names).toEqual(['caf\udce9', 'sub'])
  expect(await text(files, files.child(files.top, 'caf\udce9'))).toBe('caf\xe9')
  using other = await tree('names')
  expect(await text(other, other.child(other.top, 'caf\udce9'))).toBe('caf\xe9')
  expect(files.hides('gone\udcff')).toBe(true)
  expect(files.hides('gone\udcfe')).toBe(false)
  await rm(files.root, { recursive: true })
})
