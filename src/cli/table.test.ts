import { expect, test } from 'bun:test'
import { readdirSync } from 'node:fs'
import type { Command } from 'commander'
import { createTestContext } from './fixture.ts'
import { formatHelp } from './help.ts'
import { commands } from './table.ts'

/** The help of a command, with what is added after it. */
function helpOf(command: Command): string {
  let text = ''
  command.configureOutput({
    writeOut(part) {
      text += part
    },
  })
  command.outputHelp()
  return text
}

/** A word of a group that only stands for a command of its own is not one. */
function isOwn(child: Command): boolean {
  return !child.description().startsWith('the same as')
}

for (const [name, entry] of Object.entries(commands)) {
  test(`strake ${name} has a help with an example`, async () => {
    const command = (await entry.load()).define(createTestContext())
    expect(command.name()).toBe(name)
    expect(command.description()).not.toEndWith('.')
    const own = command.commands.filter(isOwn)
    const shown =
      own.length > 0 && command.registeredArguments.length === 0 ? own : [command, ...own]
    for (const one of shown) expect(helpOf(one)).toMatch(/\nExamples?:\n {2}\S/)
  })
}

test('every command module is in the table, and in the help', () => {
  const modules = readdirSync(new URL('commands', import.meta.url)).map((file) => file.slice(0, -3))
  expect(Object.keys(commands).sort()).toEqual(modules.sort())
  for (const name of modules) expect(formatHelp()).toMatch(new RegExp(`^ {2}${name} `, 'm'))
})
