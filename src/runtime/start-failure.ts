import { StartError } from './failure.ts'
import { jsonObjects } from './json-values.ts'

/**
 * Reads the reason of a failed start from `log`, the `--log` file of the runtime in JSON. Both
 * runtimes exit with 1 for every failure. `checkCommand` finds most failures before a start; this
 * text contains those that occur afterwards.
 */
export function startFailure(log: string, command: string): StartError {
  const reason = lastError(log)
  const about =
    /executable file|finding executable|exec: "|open executable|exec user process|exec container process|execve|exec format|cannot execute|the path `/i
  if (about.test(reason)) {
    if (/not found in \$PATH|in PATH \[/i.test(reason) && !command.includes('/')) {
      return new StartError(127, `${command}: executable file not found in $PATH`)
    }
    if (/not found|no such file/i.test(reason)) {
      return new StartError(127, `${command}: no such file or directory in the image`)
    }
    if (/exec format error/i.test(reason)) {
      return new StartError(126, `${command}: it is not a program this machine can execute`)
    }
    if (/is a directory|not a regular file/i.test(reason)) {
      return new StartError(126, `${command}: it is a directory: permission denied`)
    }
    if (/permission denied|not executable|operation not permitted/i.test(reason)) {
      return new StartError(126, `${command}: permission denied`)
    }
  }
  const setting = refusedSetting(reason)
  return new StartError(125, setting ?? (reason === '' ? 'the runtime gave no reason' : reason))
}

/** Returns the reason of a setting that could not be written; `undefined` for another failure. */
function refusedSetting(reason: string): string | undefined {
  const [, path, why = ''] =
    /(?:open|write)[^/]*\/?proc(?:\/\.)?\/sys\/([^\s:`'"]+)[`'"]?:\s*(.+)$/is.exec(reason) ?? []
  if (path === undefined) return undefined
  const problem = /no such file/i.test(why)
    ? 'a container of this kernel does not have it'
    : `the kernel refuses the value: ${why.charAt(0).toLowerCase()}${why.slice(1)}`
  return `sysctl ${path.replaceAll('/', '.')}: ${problem}`
}

/** The last message of level error, without the preamble of the runtime; without one, the last line. */
function lastError(log: string): string {
  const messages = [...jsonObjects(log)].map(errorOf).filter((message) => message !== undefined)
  return (messages.at(-1) ?? log.trim().split('\n').at(-1) ?? '')
    .replace(/^(runc (run|create|exec) failed: |exec failed: |error in executing command: )+/, '')
    .replace(/^unable to start container process: /, '')
    .slice(0, 1000)
}

interface LogLine {
  readonly level?: unknown
  readonly msg?: unknown
  readonly message?: unknown
}

/** youki writes levels in capitals, and `message`. */
function errorOf({ level, msg, message = msg }: LogLine): string | undefined {
  return /^(error|fatal)$/i.test(String(level)) && typeof message === 'string'
    ? message.trim()
    : undefined
}
