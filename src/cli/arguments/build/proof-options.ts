import type { Command } from '../command.ts'

/** Options of `build` about the reasons why steps run, as the parser returns them. */
export interface BuildProofOptions {
  readonly dryRun?: true
  readonly explain?: true
}

export function addBuildProofOptions(command: Command): Command {
  return command
    .option('--explain', 'show for every step that runs which of its inputs changed')
    .option('--dry-run', 'with --explain: show which steps would run, and build nothing')
}
