import { afterAll, expect, test } from 'bun:test'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname } from 'node:path'
import { parseIgnore } from '#dockerfile'
import { mkdtempDisposable } from '#platform'
import { type CollectOptions, selectSources } from './select-sources.ts'
import { openTree } from './tree.ts'

const directory = await mkdtempDisposable(tmpdir(), 'strake-collect-')
afterAll(() => directory[Symbol.asyncDispose]())
const files =
  'a.txt b.txt c.md src/main.ts src/lib/x.ts src/lib/y.md deep/one/two/z.txt [odd] secret.env'
for (const file of files.split(' ')) {
  await mkdir(dirname(`${directory.path}/${file}`), { recursive: true })
  await writeFile(`${directory.path}/${file}`, file)
}
await mkdir(`${directory.path}/empty`)
await symlink('src', `${directory.path}/link`)
await symlink('/etc/shadow', `${directory.path}/shadow`)
await symlink('../a.txt', `${directory.path}/src/up`)
await symlink('../../../etc/shadow', `${directory.path}/src/out`)
const tree = openTree(directory.path, {
  name: 'the build context',
  hasOwners: false,
  ignore: parseIgnore('secret.*'),
})
afterAll(() => tree[Symbol.dispose]())

/** `name: relative paths`, a directory's name with a slash. */
function collect(paths: string, options: Partial<CollectOptions> = {}): string[] {
  const sources = paths.split(' ').map((path) => ({ kind: 'path', path }) as const)
  return selectSources(tree, sources, { exclude: [], parents: false, ...options }).map(
    ({ name, isDirectory, items }) =>
      `${name}${isDirectory ? '/' : ''}: ${items.map((item) => item.relative).join(' ')}`,
  )
}

test('selectSources() takes the contents of a directory, and a file as itself', () => {
  expect(collect('src')).toEqual(['src/: lib lib/x.ts lib/y.md main.ts out up'])
  expect(collect('src/')).toEqual(collect('src'))
  expect(collect('/src/main.ts')).toEqual(['main.ts: '])
  expect(collect('../../src/./lib/../main.ts')).toEqual(['main.ts: '])
  expect(collect('empty')).toEqual(['empty/: '])
})

test('selectSources() matches wildcards by name, never across a slash', () => {
  expect(collect('*.txt')).toEqual(['a.txt: ', 'b.txt: '])
  expect(collect('?.md')).toEqual(['c.md: '])
  expect(collect('src/*/x.ts')).toEqual(['x.ts: '])
  expect(collect('[ab].txt')).toEqual(['a.txt: ', 'b.txt: '])
  expect(collect('[[]odd]')).toEqual(['[odd]: '])
})

test('selectSources() accepts a wildcard without matches, and no path without a file', () => {
  expect(collect('*.rs')).toEqual([])
  expect(() => collect('d.txt')).toThrow('Cannot copy d.txt: it is not in the build context')
  expect(() => collect('src/main.tx')).toThrow(
    expect.objectContaining({ remedy: 'did you mean src/main.ts' }),
  )
  expect(() => collect('secret.env')).toThrow('.dockerignore excludes it')
})

test('selectSources() follows a link at the top, inside the context only', () => {
  expect(collect('link')).toEqual(['link/: lib lib/x.ts lib/y.md main.ts out up'])
  for (const [path, subject] of [
    ['shadow', 'it'],
    ['src/out', 'it'],
    ['shadow/x', 'shadow'],
  ] as const) {
    expect(() => collect(path)).toThrow(
      expect.objectContaining({
        message: `Cannot copy ${path}: ${subject} is a link that leads out of the build context or nowhere`,
        remedy: 'replace the link by its target',
      }),
    )
  }
})

test('selectSources() refuses patterns that it cannot read', () => {
  for (const path of ['[', 'src/[a', '[odd]/[']) {
    expect(() => collect(path)).toThrow(
      expect.objectContaining({ code: 'INVALID', message: expect.stringContaining('Cannot copy') }),
    )
  }
  expect(() => collect('src', { exclude: ['['] })).toThrow('--exclude=[')
})

test('selectSources() names the part of a path that is wrong', () => {
  expect(() => collect('sre/main.ts')).toThrow(
    expect.objectContaining({
      message: 'Cannot copy sre/main.ts: sre is not in the build context',
      remedy: 'did you mean src/main.ts',
    }),
  )
  expect(() => collect('a.txt/x')).toThrow('Cannot copy a.txt/x: a.txt is not a directory')
})

test('selectSources() excludes by patterns relative to each source', () => {
  expect(collect('src', { exclude: ['**/*.md', 'up'] })).toEqual(['src/: lib lib/x.ts main.ts out'])
  expect(collect('*.txt', { exclude: ['b*'] })).toEqual(['a.txt: '])
})

test('selectSources() applies no pattern to a source that is written out', () => {
  expect(collect('a.txt', { exclude: ['*'] })).toEqual(['a.txt: '])
  expect(collect('src', { exclude: ['src', '*', '!main.ts'] })).toEqual(['src/: main.ts'])
  expect(collect('.', { exclude: ['*', '!a.txt'] })).toEqual(['/: a.txt'])
})

test('selectSources() keeps the directories above a source with --parents', () => {
  const parents = { parents: true }
  expect(collect('src/lib/x.ts', parents)).toEqual(['/: src src/lib src/lib/x.ts'])
  expect(collect('deep/./one/two', parents)).toEqual(['/: one one/two one/two/z.txt'])
  expect(collect('**/*.md', parents)).toEqual(['/: c.md', '/: src src/lib src/lib/y.md'])
})

test('selectSources() drops the names before the pivot, also with wildcards', () => {
  const parents = { parents: true }
  expect(collect('d*/o?e/./two', parents)).toEqual(['/: two two/z.txt'])
  expect(collect('d*/./one/two', parents)).toEqual(['/: one one/two one/two/z.txt'])
  expect(collect('**/./*.txt', parents)).toEqual(['/: a.txt', '/: b.txt', '/: z.txt'])
  expect(collect('d*/one/two/./.', parents)).toEqual(['/: z.txt'])
})

test('selectSources() matches one name with ** unless --parents is given', () => {
  expect(collect('s*/**/*.ts')).toEqual(['x.ts: '])
  expect(collect('**/**/*.txt')).toEqual([])
  expect(collect('**/**/**/*.txt')).toEqual(['z.txt: '])
  expect(collect('deep/**/two/*.txt')).toEqual(['z.txt: '])
})

test('selectSources() is fast with many wildcards for any depth', async () => {
  const deep = `${directory.path}/storm/${'d/'.repeat(200)}`
  await mkdir(deep, { recursive: true })
  using storm = openTree(`${directory.path}/storm`, { name: 'the context', hasOwners: false })
  const path = `${'**/*/'.repeat(8)}**/**/x`
  const found = selectSources(storm, [{ kind: 'path', path }], { exclude: [], parents: true })
  expect(found).toEqual([])
})
