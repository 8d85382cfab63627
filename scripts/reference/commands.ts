import type { Command } from '../../src/cli/arguments/command.ts'
import { type CommandEntry, commands } from '../../src/cli/table.ts'
import { createTestContext } from '../../src/cli/testing/fixture.ts'

/** A command as the reference shows it. */
export interface DocumentedCommand {
  readonly group: CommandEntry['group']
  readonly command: Command
}

/**
 * Every command that does something, subcommands behind their own, in the order
 * of the table. The long forms (`image ls`) are words for others and left out.
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

/** What a person may set outside the command line, and what it does. */
export const environment: readonly (readonly [name: string, meaning: string])[] = [
  ['STRAKE_ROOT', 'the store; /var/lib/strake for root, ~/.local/share/strake for others'],
  ['STRAKE_RUN', 'mounts, sockets and other state that a reboot empties; /run/strake for root'],
  ['STRAKE_RUNTIME', 'crun, runc or the path of one; the best that works unless set'],
  ['STRAKE_SNAPSHOTTER', 'erofs or directory; what works best here unless set'],
  [
    'STRAKE_KEEP_COMPRESSED',
    'auto, always or never: whether compressed layers are kept beside their archives',
  ],
  ['DOCKER_CONFIG', 'directory of config.json with the credentials; ~/.docker unless set'],
  ['BUILDKIT_PROGRESS', 'stands in for build --progress'],
  ['HTTP_PROXY, HTTPS_PROXY, NO_PROXY', 'proxies for registries; lower case too'],
  ['NO_COLOR', 'no colors when it is not empty'],
]

/** Exit codes that mean the same for every command. */
export const exitCodes: readonly (readonly [code: string, meaning: string])[] = [
  ['0', 'it was done'],
  ['1', 'it could not be done; standard error says why'],
  ['125', 'run, create and exec: strake itself refused or failed'],
  ['126, 127', 'run and exec: the program in the container cannot be executed, or is not there'],
  ['130, 143', 'it was interrupted, or ended by SIGTERM'],
]

/** Options that stand before the command. */
export const globalOptions: readonly (readonly [flags: string, meaning: string])[] = [
  ['--root <directory>', 'keep everything there instead of in $STRAKE_ROOT'],
  ['--snapshotter <kind>', 'mount layers (erofs) or unpack them (directory)'],
  ['-D, --debug', 'show causes and stack traces of errors'],
  ['-v, --version', 'print the version'],
]

export const summary = 'Build, store, share and run container images without a daemon'
