import { isStrakeError, StrakeError } from '#oci'
import { isSystemError } from '#platform'

const outOfSpace = ['ENOSPC', 'EDQUOT']
const forbidden = ['EPERM', 'EACCES', 'EROFS']
const outOfFiles = ['EMFILE', 'ENFILE']
/**
 * Errors that have one of two causes: a wrong layer, or a process that changes the tree at the same
 * time.
 */
const faultOfTree = [
  'ELOOP',
  'ENOTDIR',
  'EISDIR',
  'ENAMETOOLONG',
  'EINVAL',
  'ENOENT',
  'EEXIST',
  'EMLINK',
  'E2BIG',
  'ERANGE',
]

/**
 * Wraps an error of the kernel in one with the message `what` and its reason; returns any other
 * error unchanged.
 */
export function explained(error: unknown, what: string): unknown {
  if (isStrakeError(error) || !(error instanceof Error) || !isSystemError(error)) return error
  const reason = error.message.replace(/^\w+: /, '').replace(/, \w+( '.*')?$/s, '')
  const message = `${what}: ${reason}`
  if (isSystemError(error, ...outOfSpace)) {
    const remedy = 'free disk space, for example with strake system prune'
    return new StrakeError('UNAVAILABLE', message, { cause: error, remedy })
  }
  if (isSystemError(error, ...forbidden)) {
    return new StrakeError('UNAVAILABLE', message, { cause: error, remedy: 'run it as root' })
  }
  if (isSystemError(error, ...outOfFiles)) {
    const remedy = 'raise the limit of open files (ulimit -n)'
    return new StrakeError('UNAVAILABLE', message, { cause: error, remedy })
  }
  const code = isSystemError(error, ...faultOfTree) ? 'INVALID' : 'INTERNAL'
  return new StrakeError(code, message, { cause: error })
}
