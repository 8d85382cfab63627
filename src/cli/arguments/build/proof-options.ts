import type { BuildRequest } from '#engine/build/build'
import { StrakeError } from '#oci'
import type { Command } from '../command.ts'

/** Options of `build` about the inputs of a build, as the parser returns them. */
export interface BuildProofOptions {
  readonly dryRun?: true
  readonly explain?: true
  readonly format?: string
  readonly frozen?: true
  readonly lock?: true
  readonly lockFile?: string
  readonly locked?: true
  readonly offline?: true
  readonly proxyNetwork?: true
  readonly verify?: string
}

export function addBuildProofOptions(command: Command): Command {
  return command
    .option('--explain', 'show for every step that runs which of its inputs changed')
    .option('--dry-run', 'with --explain: show which steps would run, and build nothing')
    .option('--lock', 'write the versions of everything from other machines into build.lock')
    .option('--locked', 'refuse what is not in build.lock, and use the versions in it')
    .option('--frozen', 'as --locked with --offline')
    .option('--lock-file <file>', 'the lock file, instead of build.lock of the context')
    .option('--offline', 'build from the store alone, without any network')
    .option('--policy <policy>', '', { hidden: true, read: refusePolicy })
    .option('--proxy-network', 'another name of --network proxy')
    .option(
      '--verify <image>',
      'build every step again as its provenance says, and compare the result',
    )
    .option(
      '--format <format>',
      'with --verify: json; else docker or oci, the types of the image',
      {
        choices: ['json', 'docker', 'oci'],
      },
    )
}

/** Policies of buildx are programs in Rego. */
function refusePolicy(text: string): undefined {
  if (text === 'disabled=true') return undefined
  throw new StrakeError('UNSUPPORTED', 'Cannot use --policy: programs in Rego are not run', {
    remedy: 'write the rules into a file for --source-policy-file',
  })
}

/** Throws `INVALID` for options that exclude each other. */
export function readBuildProofOptions(
  options: BuildProofOptions & { readonly pull?: string; readonly push?: true },
): Pick<BuildRequest, 'explain' | 'lock' | 'offline'> {
  const isChecked = options.locked === true || options.frozen === true
  const isOffline = options.offline === true || options.frozen === true
  if (options.lock && isChecked) {
    throw exclude('--lock', options.locked ? '--locked' : '--frozen')
  }
  const { pull = 'never' } = options
  const isPulled = !['never', 'missing', 'false'].includes(pull)
  if (isOffline && isPulled) throw exclude('--pull', options.offline ? '--offline' : '--frozen')
  if (isOffline && options.push) throw exclude('--push', options.offline ? '--offline' : '--frozen')
  const mode = isChecked ? 'check' : options.lock ? 'write' : undefined
  if (mode === undefined && options.lockFile !== undefined) {
    throw new StrakeError('INVALID', 'Cannot use --lock-file alone: it needs --lock or --locked')
  }
  return {
    explain: options.explain === true,
    lock: mode === undefined ? undefined : { file: options.lockFile, mode },
    offline: isOffline,
  }
}

function exclude(one: string, other: string): StrakeError {
  return new StrakeError('INVALID', `Cannot use ${one} together with ${other}`, {
    remedy: `leave one of them out`,
  })
}
