import type { Command } from '../../src/cli/arguments/command.ts'
import { type CommandEntry, commands } from '../../src/cli/table.ts'
import { createTestContext } from '../../src/cli/testing/fixture.ts'

/** A command in the reference. */
export interface DocumentedCommand {
  readonly group: CommandEntry['group']
  readonly command: Command
}

/**
 * Every command with an action, in the order of the table; subcommands follow their
 * command. Skips long forms (`image ls`), which are synonyms.
 */
export async function documentedCommands(): Promise<readonly DocumentedCommand[]> {
  const found: DocumentedCommand[] = []
  for (const { group, load } of Object.values(commands)) {
    const add = (command: Command): void => {
      if (command.run !== undefined) found.push({ group, command })
      for (const child of command.commands) add(child)
    }
    add((await load()).define(createTestContext()))
  }
  return found
}

/** Groups of commands that do nothing by themselves: `image`, `registry user`. */
export async function commandGroups(): Promise<readonly Command[]> {
  const found: Command[] = []
  const add = (command: Command): void => {
    if (command.run === undefined && command.commands.length > 0) found.push(command)
    for (const child of command.commands) add(child)
  }
  for (const { load } of Object.values(commands)) add((await load()).define(createTestContext()))
  return found
}

/** Environment variables and files that the user may set. */
export const environment: readonly (readonly [name: string, meaning: string])[] = [
  [
    'STRAKE_ROOT',
    'the store; default: /var/lib/strake for root, ~/.local/share/strake for other users',
  ],
  [
    'STRAKE_RUN',
    'mounts, sockets and other state that a reboot removes; default for root: /run/strake',
  ],
  ['STRAKE_RUNTIME', 'crun, runc or the path of one; default: the best one that works'],
  ['STRAKE_SNAPSHOTTER', 'erofs or directory; default: the best one that works'],
  [
    'STRAKE_BUILD_CACHE',
    'the most bytes of the build cache, such as 20GB or 30% of the disk, or unlimited; default: 100 GB or 60%',
  ],
  [
    'STRAKE_KEEP_COMPRESSED',
    'auto, always or never: whether a prune keeps compressed layers beside their archives; default: auto',
  ],
  [
    'STRAKE_PORT_FIREWALL',
    'respect: published ports obey the rules of the host for its own servers; default: bypass, as in Docker',
  ],
  ['DOCKER_CONFIG', 'directory of config.json with the credentials; default: ~/.docker'],
  ['BUILDKIT_PROGRESS', 'the default of build --progress'],
  ['HTTP_PROXY, HTTPS_PROXY, NO_PROXY', 'proxies for registries; lower case too'],
  ['NO_COLOR', 'no colors if it is not empty'],
]

/** Exit codes with the same meaning for every command. */
export const exitCodes: readonly (readonly [code: string, meaning: string])[] = [
  ['0', 'success'],
  ['1', 'failure; the reason is on standard error'],
  ['125', 'an option is wrong; run: strake itself refused or failed'],
  ['126, 127', 'run and exec: the program in the container cannot be executed, or is absent'],
  ['129, 130, 143', 'ended by SIGHUP, interrupted, or ended by SIGTERM'],
]

/** Options before the command. */
export const globalOptions: readonly (readonly [flags: string, meaning: string])[] = [
  ['--root <directory>', 'the store, instead of $STRAKE_ROOT'],
  ['--snapshotter <kind>', 'mount layers (erofs) or unpack them (directory)'],
  ['--config <directory>', 'where credentials are, instead of $DOCKER_CONFIG or ~/.docker'],
  ['-D, --debug', 'show causes and stack traces of errors'],
  ['-v, --version', 'print the version'],
  [
    '-c, --context; -H, --host; -l, --log-level',
    'accepted for existing scripts if they mean this machine, refused otherwise',
  ],
]

export const summary = 'Build, store, share and run container images without a daemon'
