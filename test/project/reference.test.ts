import { expect, test } from 'bun:test'
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { referenceFiles } from '../../scripts/reference/write.ts'

const docs = resolve(import.meta.dir, '../../docs')

test('docs/cli.md and the manual pages equal the help of the commands; else run scripts/docs', async () => {
  const files = await referenceFiles()
  const written = ['cli.md', ...readdirSync(join(docs, 'man')).map((name) => `man/${name}`)]
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
