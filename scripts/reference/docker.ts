import type { Command } from '../../src/cli/arguments/command.ts'
import { shorten } from '../../src/cli/arguments/long-forms.ts'
import { commands } from '../../src/cli/table.ts'
import { createTestContext } from '../../src/cli/testing/fixture.ts'
import docker from '../../test/project/docker-commands.json' with { type: 'json' }

/** A command of Docker, and what answers to it here. */
export interface DockerCommand {
  /** Docker's long form: `container run`, `buildx build`. */
  readonly path: string
  /** Docker's flags: `--rm`, `-a --all`. */
  readonly flags: readonly string[]
  /** `undefined` if strake has no such command. */
  readonly command: Command | undefined
  /** Names of flags that `command` does not declare, each by itself: `-f`, `--file`. */
  readonly missing: readonly string[]
}

/** Every command of docker-commands.json, in its order. */
export async function dockerCommands(): Promise<readonly DockerCommand[]> {
  const found: DockerCommand[] = []
  for (const [path, flags] of Object.entries(docker)) {
    const command = await findCommand(path)
    const declared = command && declaredFlags(command)
    const names = flags.flatMap((flag) => flag.split(' '))
    const missing = declared === undefined ? [] : names.filter((name) => !declared.has(name))
    found.push({ path, flags, command, missing })
  }
  return found
}

async function findCommand(path: string): Promise<Command | undefined> {
  const [first = '', ...rest] = shorten(path.split(' ')).filter((word) => !word.startsWith('-'))
  const [name, verbs] = first === 'inspect' ? [first, []] : [first, rest]
  let command = (await commands[name]?.load())?.define(createTestContext())
  for (const verb of verbs) command = command?.commands.find((one) => one.name === verb)
  return command
}

function declaredFlags(command: Command): ReadonlySet<string> {
  return new Set(
    command.options.flatMap(({ short = '', long, isNegation }) =>
      // The parser reads `--sig-proxy=false` for a declared `--no-sig-proxy`.
      isNegation ? [long, long.replace('--no-', '--')] : [short, long],
    ),
  )
}
