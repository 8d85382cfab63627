import { isStrakeError, StrakeError } from '#oci'
import { isSystemError } from '#platform'

const outOfSpace = ['ENOSPC', 'EDQUOT']
const forbidden = ['EPERM', 'EACCES', 'EROFS']
const outOfFiles = ['EMFILE', 'ENFILE']
/** What only a layer that is wrong, or a tree that changes meanwhile, brings about. */
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

/** A refusal of the kernel as one that says `what` could not be done; anything else as it is. */
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
