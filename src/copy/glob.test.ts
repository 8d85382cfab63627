import { expect, test } from 'bun:test'
import { expandPattern, isPattern } from './glob.ts'

const tree: Readonly<Record<string, readonly string[]>> = {
  '/': ['etc', 'var', '.hidden'],
  '/etc': ['b.conf', 'a.conf', '.conf', 'x*y', 'xzy', 'nginx', '[z]'],
  '/etc/nginx': ['n.conf'],
  '/var': [],
}
const expand = (pattern: string): readonly string[] =>
  expandPattern(pattern, (directory) => tree[directory] ?? [])

test.each([
  ['/etc/*.conf', ['/etc/a.conf', '/etc/b.conf']],
  ['etc/?.conf', ['/etc/a.conf', '/etc/b.conf']],
  ['/etc/[!a].conf', ['/etc/b.conf']],
  ['/etc/[a-c].conf', ['/etc/a.conf', '/etc/b.conf']],
  ['/etc/.c*', ['/etc/.conf']],
  ['/*/*.conf', ['/etc/a.conf', '/etc/b.conf']],
  ['/*/nginx/*', ['/etc/nginx/n.conf']],
  ['/etc/x\\*?', ['/etc/x*y']],
  ['/etc/[[]z]', ['/etc/[z]']],
  ['/*c/', ['/etc/']],
  ['/*c/.', ['/etc/.']],
  ['/etc/*.none', []],
  ['/none/*', []],
  ['/../etc/a*', ['/etc/a.conf']],
])('expandPattern(%s) matches names of each directory, in byte order', (pattern, expected) => {
  expect(isPattern(pattern)).toBe(true)
  expect(expand(pattern)).toEqual(expected)
})

test('isPattern() is false for a plain path', () => expect(isPattern('/etc/a.conf')).toBe(false))
