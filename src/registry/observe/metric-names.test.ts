import { expect, test } from 'bun:test'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dir, '../../..')
const read = (path: string): string => readFileSync(join(root, path), 'utf8')

/** The metrics that the source makes. */
const made = new Set(
  readdirSync(join(root, 'src/registry'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'))
    .flatMap((path) => [
      ...read(`src/registry/${path}`).matchAll(/'((?:strake|process)_[a-z_]+)'/g),
    ])
    .map(([, name]) => name ?? ''),
)

test('docs/registry.md names every metric, and no other', () => {
  const named = [...read('docs/registry.md').matchAll(/^\| `((?:strake|process)_[a-z_]+)/gm)]
  expect(named.map(([, name]) => name).toSorted()).toEqual([...made].toSorted())
})
