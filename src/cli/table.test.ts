import { expect, test } from 'bun:test'
import { readdirSync } from 'node:fs'
import type { Command } from './arguments/command.ts'
import { formatCommandHelp } from './arguments/command-help.ts'
import { formatHelp } from './help.ts'
import { commands } from './table.ts'
import { createTestContext } from './testing/fixture.ts'

/** A long form in a group is not a command of its own. */
function isOwn(child: Command): boolean {
  return !child.summary.startsWith('the same as')
}

for (const [name, entry] of Object.entries(commands)) {
  test(`strake ${name} has a help with an example`, async () => {
    const command = (await entry.load()).define(createTestContext())
    expect(command.name).toBe(name)
    expect(command.summary).not.toEndWith('.')
    const own = command.commands.filter(isOwn)
    const shown = own.length > 0 && command.arguments.length === 0 ? own : [command, ...own]
    for (const one of shown) expect(formatCommandHelp(one, 80)).toMatch(/\nExamples?:\n {2}\S/)
  })
}

test('every command module is in the table and in the help', () => {
  const modules = readdirSync(new URL('commands', import.meta.url))
    .filter((file) => file.endsWith('-command.ts'))
    .map((file) => file.replace(/-command\.ts$/, ''))
  expect(Object.keys(commands).sort()).toEqual(modules.sort())
  for (const name of modules) expect(formatHelp()).toMatch(new RegExp(`^ {2}${name} `, 'm'))
})

test('the help fits into 80 columns', () => {
  expect(
    formatHelp()
      .split('\n')
      .filter((line) => line.length > 80),
  ).toEqual([])
})
