import { expect, test } from 'bun:test'
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { differences } from '../../scripts/reference/differences.ts'
import { referenceFiles } from '../../scripts/reference/write.ts'
import type { Command } from '../../src/cli/arguments/command.ts'
import { commands } from '../../src/cli/table.ts'
import { createTestContext } from '../../src/cli/testing/fixture.ts'
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

const mandoc = Bun.which('mandoc')
if (mandoc === null) console.info('skipped: lint of manual pages: needs mandoc')

test.skipIf(mandoc === null)('mandoc finds nothing to warn of in the manual pages', () => {
  const pages = readdirSync(join(docs, 'man')).map((name) => join(docs, 'man', name))
  const { stdout, exitCode } = Bun.spawnSync(['mandoc', '-T', 'lint', '-W', 'warning', ...pages])
  expect({ exitCode, found: stdout.toString() }).toEqual({ exitCode: 0, found: '' })
})

test('every command and every group has a manual page, which shows its examples as they are typed', async () => {
  const files = await referenceFiles()
  const check = (command: Command): void => {
    const isLongForm = command.run === undefined && command.commands.length === 0
    const page = files.get(`man/strake-${command.path.replaceAll(' ', '-')}.1`)
    expect({ path: command.path, has: page !== undefined }).toEqual({
      ...{ path: command.path, has: !isLongForm },
    })
    // Troff prints these as other characters.
    expect(page?.match(/['`^~]/g) ?? []).toEqual([])
    for (const child of command.commands) check(child)
  }
  for (const { load } of Object.values(commands)) check((await load()).define(createTestContext()))
})

test('every wanted difference names commands of Docker', () => {
  const unknown = differences.flatMap(({ commands }) =>
    commands.filter((path) => !(path in docker)),
  )
  expect(unknown).toEqual([])
})
