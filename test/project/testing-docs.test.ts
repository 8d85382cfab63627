import { expect, test } from 'bun:test'
import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'

const root = resolve(import.meta.dir, '../..')

test('docs/testing.md names tests that exist', () => {
  const text = readFileSync(`${root}/docs/testing.md`, 'utf8')
  const named = [...text.matchAll(/`((?:src|test)\/[\w./-]+\.test\.ts)`/g)].map(
    ([, path]) => path ?? '',
  )
  expect(named.length).toBeGreaterThan(40)
  expect(named.filter((path) => !existsSync(`${root}/${path}`))).toEqual([])
})
