import { afterAll, expect, test } from 'bun:test'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pathInTree, readWorkTree } from './work-tree.ts'

const root = await mkdtemp(join(tmpdir(), 'strake-work-tree-'))
afterAll(() => rm(root, { recursive: true }))

const commit = '0123456789abcdef0123456789abcdef01234567'

async function checkout(name: string, files: Readonly<Record<string, string>>): Promise<string> {
  const top = join(root, name)
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(top, path)), { recursive: true })
    await writeFile(join(top, path), text)
  }
  return top
}

const head = { '.git/HEAD': 'ref: refs/heads/main\n', '.git/refs/heads/main': `${commit}\n` }

test('readWorkTree() finds the commit and the remote that the branch follows', async () => {
  const top = await checkout('tracked', {
    ...head,
    '.git/config':
      '[core]\n\tbare = false\n[remote "origin"]\n\turl = https://example.org/a.git\n' +
      '[remote "mine"]\n\turl = "https://me:word@example.org/b.git" ; own\n' +
      '[branch "main"]\n\tremote = mine\n',
    'sub/file': '',
  })
  const tree = { top, revision: commit, remote: 'https://example.org/b.git' }
  expect(await readWorkTree(top)).toEqual(tree)
  expect(await readWorkTree(join(top, 'sub'))).toEqual(tree)
  expect(pathInTree(tree, top)).toBe('.')
  expect(pathInTree(tree, join(top, 'sub'))).toBe('sub')
  expect(pathInTree(tree, root)).toBeUndefined()
  expect(pathInTree(tree, join(top, '..odd'))).toBe('..odd')
})

test('readWorkTree() takes origin, then upstream, and keeps the user of SSH', async () => {
  const remote = (name: string, url: string): string => `[remote "${name}"]\n\turl = ${url}\n`
  const ssh = 'ssh://git@example.org/a.git'
  const both = remote('upstream', 'https://example.org/u') + remote('origin', ssh)
  const first = await checkout('origin', { ...head, '.git/config': both })
  expect((await readWorkTree(first))?.remote).toBe(ssh)
  const only = remote('upstream', 'git@example.org:u.git')
  const second = await checkout('upstream', { ...head, '.git/config': only })
  expect((await readWorkTree(second))?.remote).toBe('git@example.org:u.git')
})

test('readWorkTree() knows no commit before the first one, and nothing outside', async () => {
  const empty = await checkout('empty', { '.git/HEAD': 'ref: refs/heads/main\n' })
  expect(await readWorkTree(empty)).toEqual({ top: empty })
  const hostile = await checkout('hostile', { '.git/HEAD': 'ref: refs/heads/../../../secret\n' })
  expect((await readWorkTree(hostile))?.revision).toBeUndefined()
  const plain = await checkout('plain', { file: '' })
  expect(await readWorkTree(plain)).toBeUndefined()
})
