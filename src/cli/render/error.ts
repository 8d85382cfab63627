import { isStrakeError } from '#oci'
import type { Output } from './output.ts'
import { printable } from './text.ts'

/** Prints an error: one sentence and its remedy, and with `--debug` the causes and stacks. */
export function renderError(output: Output, error: unknown, debug: boolean): void {
  output.write(`${describeError(error)}\n`)
  if (!debug) return
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    output.write(`${cause.stack ?? cause.message}\n`)
  }
}

/** The sentence, and the remedy on a second line. */
export function describeError(error: unknown): string {
  // The clean-up failed too. The first error is the reason.
  if (error instanceof SuppressedError) return describeError(error.suppressed)
  if (isStrakeError(error)) {
    const message = multiline(error.message)
    return error.remedy
      ? `strake: ${message}\n  try: ${printable(error.remedy)}`
      : `strake: ${message}`
  }
  if (isBug(error)) {
    const remedy = 'run it again with strake --debug, and report what that prints'
    return `strake: Cannot continue because of a bug in strake: ${printable(error.message)}\n  try: ${remedy}`
  }
  if (error instanceof Error) return `strake: ${multiline(systemReason(error) ?? error.message)}`
  return `strake: ${multiline(String(error))}`
}

/** Whether the error is a bug in strake. System errors have a code. */
function isBug(error: unknown): error is Error {
  const kinds = [TypeError, RangeError, ReferenceError, SyntaxError]
  return kinds.some((kind) => error instanceof kind) && !(error instanceof Error && 'code' in error)
}

/** Keeps line breaks, because build errors have a source excerpt, and escapes other control characters. */
function multiline(message: string): string {
  return message.split('\n').map(printable).join('\n')
}

const reasons: Readonly<Record<string, string>> = {
  ENOSPC: 'no space left on the device; free some with `strake system prune`',
  EDQUOT: 'the disk quota is used up',
  EACCES: 'permission denied; run it as root or with sudo',
  EPERM: 'operation not permitted; run it as root or with sudo',
  EROFS: 'the file system is read-only',
  EIO: 'the disk reports an input/output error; see `dmesg`',
  EFBIG: 'a file would be larger than this process may write; raise the limit with `ulimit -f`',
  EMFILE: 'too many open files; raise the limit with `ulimit -n`',
  ENOENT: 'no such file or directory',
  EISDIR: 'it is a directory',
  ENOTDIR: 'a part of the path is not a directory',
}

function systemReason(error: NodeJS.ErrnoException): string | undefined {
  const reason = error.code === undefined ? undefined : reasons[error.code]
  if (reason === undefined) return undefined
  return error.path ? `Cannot use ${error.path}: ${reason}` : `Cannot continue: ${reason}`
}
