import type { BuildRequest } from '#engine/build/build'
import { StrakeError } from '#oci'
import { hostPlatform, readPlainFile } from '#platform'
import type { Command } from '../command.ts'
import { readEnvironment } from '../environment.ts'
import { collect, parseAssignments } from '../values.ts'
import { addPodmanFlags } from './podman-flags.ts'

type BuildOutput = NonNullable<BuildRequest['outputs']>[number]

/** Options of `build` that Podman has and Docker has not, as the parser returns them. */
export interface PodmanBuildOptions {
  readonly arch?: string
  readonly buildArgFile?: readonly string[]
  readonly env?: readonly string[]
  readonly format?: string
  readonly ignorefile?: string
  readonly jobs?: string
  readonly manifest?: string
  readonly os?: string
  readonly pull?: string
  readonly sourceDateEpoch?: string
  readonly unsetenv?: readonly string[]
  readonly unsetlabel?: readonly string[]
  readonly variant?: string
}

/** Adds the options. Those without a text are for scripts that were written for Podman. */
export function addPodmanBuildOptions(command: Command): Command {
  const hidden = { hidden: true }
  return addPodmanFlags(command)
    .option('--build-arg-file <file>', 'a file with a NAME=value for an ARG on each line', collect)
    .option('--ignorefile <file>', 'the ignore file, instead of that of the context')
    .option('--jobs <number>', 'the most steps at a time; 0 for any number')
    .option('--arch <architecture>', '', hidden)
    .option('--env <name[=value]>', '', { ...hidden, read: collect })
    .option('--os <name>', '', hidden)
    .option('--unsetenv <name>', '', { ...hidden, read: collect })
    .option('--unsetlabel <key>', '', { ...hidden, read: collect })
    .option('--manifest <name>', '', hidden)
    .option('--source-date-epoch <seconds>', '', hidden)
    .option('--variant <variant>', '', hidden)
}

export interface PodmanSettings {
  readonly buildArgs: ReadonlyMap<string, string>
  readonly names: readonly string[]
  /** In the words of `--platform`. */
  readonly platforms: readonly string[]
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
    platforms: readPlatform(options),
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

/** `--os`, `--arch` and `--variant` change parts of the platform of this machine. */
function readPlatform({ os, arch, variant }: PodmanBuildOptions): readonly string[] {
  if (os === undefined && arch === undefined && variant === undefined) return []
  const own = hostPlatform()
  const parts = [os ?? own.os, arch ?? own.architecture, variant]
  return [parts.filter((part) => part !== undefined && part !== '').join('/')]
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
