import { expect, test } from 'bun:test'
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { differences } from '../../scripts/reference/differences.ts'
import { referenceFiles } from '../../scripts/reference/write.ts'
import docker from './docker-commands.json' with { type: 'json' }

const docs = resolve(import.meta.dir, '../../docs')

test('docs/cli.md, docs/coming-from-docker.md and the manual pages equal the commands; else run scripts/docs', async () => {
  const files = await referenceFiles()
  const pages = readdirSync(join(docs, 'man')).map((name) => `man/${name}`)
  const written = ['api.md', 'cli.md', 'coming-from-docker.md', ...pages]
  expect(written.sort()).toEqual([...files.keys()].sort())
  for (const [path, text] of files) expect(readFileSync(join(docs, path), 'utf8')).toBe(text)
})

test('manual pages have no text line that troff reads as a request', async () => {
  const requests = /^\.(?:TH|SH|TP|PP|nf|fi)\b/
  for (const [path, text] of await referenceFiles()) {
    if (!path.startsWith('man/')) continue
    const strange = text.split('\n').filter((line) => /^[.']/.test(line) && !requests.test(line))
    expect(strange).toEqual([])
  }
})

test('every wanted difference names commands of Docker', () => {
  const unknown = differences.flatMap(({ commands }) =>
    commands.filter((path) => !(path in docker)),
  )
  expect(unknown).toEqual([])
})
