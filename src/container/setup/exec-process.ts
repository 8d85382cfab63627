import { isStrakeError, StrakeError } from '#oci'
import type { WindowSize } from '#platform'
import {
  type ContainerView,
  checkCommand,
  checkUserTables,
  type ProcessConfig,
  processConfig,
  resolveUser,
  resolveWorkingDirectory,
  StartError,
} from '#runtime'
import { type ContainerSettings, mergeEnv } from '../model/settings.ts'

/** Options of another process for a running container. */
export interface ExecProcessOptions {
  readonly command: readonly string[]
  readonly tty?: boolean | undefined
  readonly consoleSize?: WindowSize | undefined
  /** `NAME=value`, beside the container's own. */
  readonly env?: readonly string[] | undefined
  readonly user?: string | undefined
  readonly workingDir?: string | undefined
  /** All capabilities. The container's seccomp filter stays. */
  readonly privileged?: boolean | undefined
}

/** The container in which the process will run. */
export interface ExecPlace {
  readonly settings: ContainerSettings
  /** The container's first process. */
  readonly base: ProcessConfig
  readonly files: ContainerView
  /** Its mounts are not visible, so that commands and directories in them are not checked. */
  readonly isSandboxed?: boolean | undefined
  /** Describes the process in messages. */
  readonly what: string
}

/** Returns a user of the container. Throws `INVALID` for one that it does not have. */
export function resolveExecUser(
  { settings, files }: Pick<ExecPlace, 'settings' | 'files'>,
  wanted: string,
): ReturnType<typeof resolveUser> {
  checkUserTables(files)
  return resolveUser(files, wanted, { groupAdd: settings.groupAdd })
}

/** Returns the configuration of the process. Its defaults are those of the container's first process. */
export function execProcess(place: ExecPlace, options: ExecProcessOptions): ProcessConfig {
  const { settings, base, files, what } = place
  const { user: wanted, workingDir, env = [], privileged, consoleSize: size } = options
  checkUserTables(files)
  const user = wanted === undefined ? undefined : resolveExecUser(place, wanted)
  const home = user === undefined ? [] : [`HOME=${user.home}`]
  const process = {
    args: options.command,
    env: mergeEnv(base.env, home, options.tty ? ['TERM=xterm'] : [], env),
    cwd: workingDirectory(place, workingDir ?? base.cwd),
    user: user ?? { ...base.user, additionalGids: base.user.additionalGids ?? [], home: '/' },
  }
  if (!place.isSandboxed) checkCommand(files, process, what)
  const { terminal, consoleSize, ...inherited } = base
  return {
    ...inherited,
    ...processConfig({
      ...process,
      terminal: options.tty ?? false,
      consoleSize: size,
      security: privileged ? { ...settings.security, privileged: true } : settings.security,
    }),
  }
}

/** A directory that is missing, or is a file, is a failed start, like a missing command. */
function workingDirectory({ files, isSandboxed, what }: ExecPlace, path: string): string {
  if (!path.startsWith('/')) {
    throw new StrakeError('INVALID', `Cannot use working directory ${path}: it is not absolute`)
  }
  if (isSandboxed) return path
  try {
    return resolveWorkingDirectory(files, path, 'refuse')
  } catch (error) {
    if (!isStrakeError(error, 'NOT_FOUND')) throw error
    const isThere = files.find(path) !== undefined
    const reason = isThere ? `${path} is not a directory` : `there is no working directory ${path}`
    throw new StartError(127, reason, what)
  }
}
