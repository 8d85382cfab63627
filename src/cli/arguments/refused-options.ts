import { StrakeError } from '#oci'
import { type Command, InvalidValue } from './command.ts'

const noOwnUsers = 'containers have the user IDs of this machine, or of the user who runs strake'
const chooseUser =
  'choose the user with --user, or run strake without root, where root is that user'

/** Options of Docker and Podman that a container of strake cannot have: the reason, and what to do instead. */
const refused: readonly (readonly [flags: string, reason: string, remedy: string])[] = [
  ...(['--cpu-count', '--cpu-percent', '--io-maxbandwidth', '--io-maxiops'] as const).map(
    (flag) =>
      [
        `${flag} <number>`,
        'only containers of Windows have this limit',
        'use --cpus, --device-read-bps or --device-write-bps',
      ] as const,
  ),
  [
    '--cpu-rt-period <microseconds>',
    'containers have no share of real-time scheduling',
    'use --cpus or --cpu-shares',
  ],
  [
    '--cpu-rt-runtime <microseconds>',
    'containers have no share of real-time scheduling',
    'use --cpus or --cpu-shares',
  ],
  [
    '--kernel-memory <size>',
    'kernels no longer limit it apart',
    'use --memory, which counts memory of the kernel too',
  ],
  [
    '--storage-opt <key=value>',
    'the changes of a container have no limit of size',
    'mount a --tmpfs with a size, or a volume on a disk of its own',
  ],
  [
    '--volume-driver <name>',
    'volumes are directories of this machine',
    'mount the storage on this machine, and bind it with --volume',
  ],
  ...(['--uidmap', '--gidmap'] as const).map(
    (flag) => [`${flag} <map>`, noOwnUsers, chooseUser] as const,
  ),
]

/** Reads `--userns`. Throws `UNSUPPORTED` for the modes of Podman. */
export function readUserNamespace(text: string): string {
  if (text === '' || text === 'host') return text
  if (!/^(auto|container|keep-id|nomap|ns|private)(:.*)?$/.test(text)) {
    throw new InvalidValue('expected host')
  }
  throw new StrakeError('UNSUPPORTED', `Cannot use --userns ${text}: ${noOwnUsers}`, {
    remedy: chooseUser,
  })
}

/** Switches of `run` that are refused when they are set so. */
export interface RefusedSwitches {
  readonly disableContentTrust: boolean
}

/** Refuses the verification of Docker's own signatures. */
export function refuseSwitches({ disableContentTrust }: RefusedSwitches): void {
  if (disableContentTrust) return
  throw new StrakeError(
    'UNSUPPORTED',
    'Cannot use --disable-content-trust=false: signatures of Docker Content Trust are not verified',
    { remedy: 'name the image by its digest, which is always verified' },
  )
}

/** Adds options that are refused in one sentence. Default: all that `run` has in Docker. */
export function addRefusedOptions(command: Command, names?: readonly string[]): Command {
  for (const [flags, reason, remedy] of refused) {
    const flag = flags.replace(/ .*/, '')
    if (names?.includes(flag) === false) continue
    const read = (text: string): undefined => {
      if (text === '') return undefined
      throw new StrakeError('UNSUPPORTED', `Cannot use ${flag}: ${reason}`, { remedy })
    }
    command.option(flags, '', { hidden: true, read })
  }
  return command
}

/** Adds options of `run` that say what strake does anyway. */
export function addIdleOptions(command: Command): Command {
  return command
    .option('--disable-content-trust', '', { hidden: true, default: true })
    .option('--isolation <technology>', '', { hidden: true, choices: ['default'] })
}
