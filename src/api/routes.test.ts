import { expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { routes } from './routes.ts'

const document = readFileSync(resolve(import.meta.dir, '../../docs/api.md'), 'utf8')

test('routes are listed in docs/api.md, and no other ones', () => {
  const lines = document.split('\n').filter((line) => /^\| `([A-Z]+|any)` \| `\//.test(line))
  expect(lines).toEqual(
    routes.map(({ method, path, about }) => `| \`${method}\` | \`${path}\` | ${about} |`),
  )
})

test('routes load a handler each', async () => {
  for (const { path, load } of routes)
    expect([path, typeof (await load())]).toEqual([path, 'function'])
})
