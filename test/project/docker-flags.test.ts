import { expect, test } from 'bun:test'
import { shorten } from '../../src/cli/arguments/long-forms.ts'
import { commands } from '../../src/cli/table.ts'
import { createTestContext } from '../../src/cli/testing/fixture.ts'
import docker from './docker-commands.json' with { type: 'json' }
import reasons from './docker-missing.json' with { type: 'json' }

// docker-commands.json lists the commands and flags of Docker 29.8 and buildx, without groups of
// swarm, plugins and contexts, and without the flags that every command has.
// docker-missing.json lists what strake lacks of them, with the reason. Planned entries may stay in
// the list when they exist; the others must be absent.

/** The declared names of a command's flags; `undefined` if strake has no such command. */
async function flagsOf(path: string): Promise<ReadonlySet<string> | undefined> {
  const [first = '', ...rest] = shorten(path.split(' ')).filter((word) => !word.startsWith('-'))
  const [name, verbs] = first === 'inspect' ? [first, []] : [first, rest]
  let command = (await commands[name]?.load())?.define(createTestContext())
  for (const verb of verbs) command = command?.commands.find((one) => one.name === verb)
  return (
    command &&
    new Set(
      command.options.flatMap(({ short = '', long, isNegation }) =>
        // The parser reads `--sig-proxy=false` for a declared `--no-sig-proxy`.
        isNegation ? [long, long.replace('--no-', '--')] : [short, long],
      ),
    )
  )
}

async function findMissing(): Promise<readonly string[]> {
  const missing: string[] = []
  for (const [path, flags] of Object.entries(docker)) {
    const own = await flagsOf(path)
    if (own === undefined) missing.push(path)
    else {
      const names = flags.flatMap((flag) => flag.split(' '))
      missing.push(...names.filter((flag) => !own.has(flag)).map((flag) => `${path} ${flag}`))
    }
  }
  return missing.sort()
}

test('every command and flag of Docker exists, or its absence has a reason', async () => {
  const listed = reasons.flatMap(({ missing }) => missing).sort()
  expect(new Set(listed).size).toBe(listed.length)
  const missing = await findMissing()
  const unexplained = missing.filter((one) => !listed.includes(one))
  const refused = reasons.flatMap((group) => (group.isPlanned ? [] : group.missing))
  const outdated = refused.filter((one) => !missing.includes(one))
  expect({ unexplained, outdated }).toEqual({ unexplained: [], outdated: [] })
})
