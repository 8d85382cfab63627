import { parse, type Range } from '#dockerfile'
import { silent } from '#stream'
import { DockerfileError, ExitError } from './model/error.ts'
import type { BuildOptions } from './options.ts'
import { openBuildShell } from './shell.ts'
import { sourceDirectory } from './shell-place.ts'
import type { FailedStep, Workspace } from './step/workspace.ts'

/** Runs steps. Before it throws the error of a RUN that failed, it calls `onFailedStep`. */
export async function withFailedStep<T>(
  { failed = [] }: Pick<Workspace, 'failed'>,
  { onFailedStep, signal }: Pick<BuildOptions, 'onFailedStep' | 'signal'>,
  work: () => Promise<T>,
): Promise<T> {
  await using stack = new AsyncDisposableStack()
  try {
    return await work()
  } catch (error) {
    for (const step of failed) stack.use(step)
    const [first] = failed
    if (first !== undefined && signal?.aborted !== true) await onFailedStep?.(first)
    throw error
  }
}

/** Calls `onFailedStep` if COPY, ADD or WORKDIR failed: the shell is in the file system before it. */
export async function offerShell(error: unknown, options: BuildOptions): Promise<void> {
  const { onFailedStep, signal } = options
  if (onFailedStep === undefined || signal?.aborted === true) return
  const found = failedFiles(error)
  // An archive on standard input cannot be read again.
  if (found === undefined || typeof options.context === 'object') return
  await using step = shellBefore(found, options)
  await onFailedStep(step)
}

/** The lines of the instruction in which an error happened, and their text. */
interface FailedFiles {
  readonly range: Range
  readonly source: { readonly text: string }
}

function failedFiles(error: unknown): FailedFiles | undefined {
  if (!(error instanceof DockerfileError) || error instanceof ExitError) return undefined
  const [diagnostic, other] = error.diagnostics
  if (diagnostic?.rule !== 'step' || other !== undefined) return undefined
  return { range: diagnostic.range, source: error.source }
}

function shellBefore({ range, source }: FailedFiles, options: BuildOptions): FailedStep {
  const { line } = range.start
  const { stages } = parse(source.text)
  const next = stages
    .flatMap(({ instructions }) => instructions)
    .find((each) => each.range.start.line === line)
  const files =
    next?.kind === 'COPY' && next.from !== undefined
      ? `, whose files are in ${sourceDirectory}`
      : ''
  return {
    place: 'before',
    name: `${next?.text ?? `line ${line}`}${files}`,
    openShell: ({ onOpen, signal }) =>
      openBuildShell({
        ...options,
        // What was built before the failure is in the cache.
        noCache: false,
        noCacheStages: [],
        platforms: options.platforms?.slice(0, 1),
        emit: silent,
        onFailedStep: undefined,
        shellAt: { line, isBefore: true },
        onOpen,
        signal,
      }),
    async [Symbol.asyncDispose]() {},
  }
}
