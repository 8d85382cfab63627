import type { BuildRequest } from '#engine/build/build'
import { StrakeError } from '#oci'
import { readPlainFile } from '#platform'
import type { Command } from '../command.ts'
import { readEnvironment } from '../environment.ts'
import { collect, parseAssignments } from '../values.ts'

type BuildOutput = NonNullable<BuildRequest['outputs']>[number]

/** Options of `build` that Podman has and Docker has not, as the parser returns them. */
export interface PodmanBuildOptions {
  readonly buildArgFile?: readonly string[]
  readonly env?: readonly string[]
  readonly format?: string
  readonly ignorefile?: string
  readonly jobs?: string
  readonly manifest?: string
  readonly pull?: string
  readonly sourceDateEpoch?: string
  readonly unsetenv?: readonly string[]
  readonly unsetlabel?: readonly string[]
}

/** Options that are refused: the reason, and what to do instead. */
const refused: readonly (readonly [flags: string, reason: string, remedy: string])[] = [
  ...['--squash', '--squash-all'].map(
    (flag) =>
      [
        flag,
        'layers are what caches and registries share',
        'end with FROM scratch and COPY --from=STAGE / /',
      ] as const,
  ),
  ...['-v, --volume <mount>', '--transient-mount <mount>'].map(
    (flag) =>
      [
        flag,
        'a result must not depend on files of one machine',
        'name them with --build-context, and use RUN --mount=type=bind,from=NAME',
      ] as const,
  ),
  ...['--cap-add <capability>', '--cap-drop <capability>', '--security-opt <option>'].map(
    (flag) =>
      [
        flag,
        'RUN has the capabilities of a container',
        'use RUN --security=insecure and --allow security.insecure',
      ] as const,
  ),
  ['--device <device>', 'RUN names its devices', 'use RUN --device and --allow device'],
  ...['--dns <address>', '--dns-search <domain>', '--dns-option <option>'].map(
    (flag) =>
      [flag, 'RUN uses the name servers of this machine', 'add names with --add-host'] as const,
  ),
  ...['--creds <user>', '--authfile <file>', '--cert-dir <directory>'].map(
    (flag) =>
      [flag, 'passwords come from one place', 'use strake login, or DOCKER_CONFIG'] as const,
  ),
  ['--all-platforms', 'the platforms of a base change', 'name them with --platform'],
  [
    '--from <image>',
    'a Dockerfile names its base',
    'use --build-context NAME=docker-image://IMAGE',
  ],
  ['--cpp-flag <flag>', 'a Dockerfile has no preprocessor', 'run cpp FILE | strake build -f - .'],
  ['--logfile <file>', 'progress goes to standard error', 'use --progress plain 2>FILE'],
  ['--omit-history', 'the history says how an image was made', 'leave it out'],
]

/** Adds the options, hidden: they are for scripts that were written for Podman and Buildah. */
export function addPodmanBuildOptions(command: Command): Command {
  const hidden = { hidden: true }
  command
    .option('--build-arg-file <file>', 'a file with a NAME=value for an ARG on each line', collect)
    .option('--ignorefile <file>', 'the ignore file, instead of that of the context')
    .option('--jobs <number>', 'the most steps at a time; 0 for any number')
    .option('--env <name[=value]>', '', { ...hidden, read: collect })
    .option('--unsetenv <name>', '', { ...hidden, read: collect })
    .option('--unsetlabel <key>', '', { ...hidden, read: collect })
    .option('--manifest <name>', '', hidden)
    .option('--source-date-epoch <seconds>', '', hidden)
    .option('--rewrite-timestamp', '', hidden)
    .option('--layers', '', hidden)
    .option('--retry <number>', '', hidden)
    .option('--retry-delay <time>', '', hidden)
  for (const [flags, reason, remedy] of refused) {
    const [flag = ''] = /--[a-z-]+/.exec(flags) ?? []
    const read = (): never => {
      throw new StrakeError('UNSUPPORTED', `Cannot use ${flag}: ${reason}`, { remedy })
    }
    const takesValue = flags.includes('<')
    command.option(takesValue ? flags : `${flags} <value>`, '', {
      ...hidden,
      read,
      ...(!takesValue && { alone: 'true' }),
    })
  }
  return command
}

export interface PodmanSettings {
  readonly buildArgs: ReadonlyMap<string, string>
  readonly names: readonly string[]
  readonly request: Pick<BuildRequest, 'pull' | 'jobs' | 'ignoreText' | 'edits'>
  /** Gives images without a form that of `--format`. */
  readonly form: (outputs: BuildRequest['outputs']) => BuildRequest['outputs']
}

/** Converts the options. Reads the files that they name. */
export async function readPodmanOptions(
  options: PodmanBuildOptions,
  env: Readonly<Record<string, string | undefined>>,
): Promise<PodmanSettings> {
  const { format, manifest, sourceDateEpoch } = options
  const fromFiles = await readEnvironment([], options.buildArgFile)
  const isForced: readonly [string, string][] =
    manifest === undefined ? [] : [['BUILDKIT_MULTI_PLATFORM', '1']]
  const epoch: readonly [string, string][] =
    sourceDateEpoch === undefined ? [] : [['SOURCE_DATE_EPOCH', sourceDateEpoch]]
  return {
    buildArgs: new Map([...parseAssignments(fromFiles, env), ...isForced, ...epoch]),
    names: manifest === undefined ? [] : [manifest],
    request: {
      pull: readPull(options.pull),
      jobs: readJobs(options.jobs),
      ignoreText: readIgnore(options.ignorefile),
      edits: {
        env: parseAssignments(options.env, env),
        removedEnv: options.unsetenv ?? [],
        removedLabels: options.unsetlabel ?? [],
      },
    },
    form: (outputs) => (format === 'docker' ? withDockerTypes(outputs) : outputs),
  }
}

function readPull(when: string | undefined): BuildRequest['pull'] {
  if (when === 'never') return 'never'
  return when === 'always' || when === 'newer' || when === 'true'
}

function readJobs(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (!/^\d{1,4}$/.test(text)) {
    throw new StrakeError('INVALID', `Cannot use --jobs ${text}: expected a number, such as 4`)
  }
  return text === '0' ? Number.MAX_SAFE_INTEGER : Number(text)
}

function readIgnore(file: string | undefined): string | undefined {
  if (file === undefined) return undefined
  const text = readPlainFile(file, 10 * 1024 * 1024)
  if (text !== undefined) return text
  throw new StrakeError('NOT_FOUND', `Cannot read ${file}: there is no such file`)
}

function withDockerTypes(outputs: BuildRequest['outputs']): BuildRequest['outputs'] {
  const stored: BuildOutput = { kind: 'image', push: false, byDigest: false, form: {} }
  return (outputs ?? [stored]).map((output) =>
    'form' in output
      ? { ...output, form: { ...output.form, mediaTypes: output.form.mediaTypes ?? 'docker' } }
      : output,
  )
}
