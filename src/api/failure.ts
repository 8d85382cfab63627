import { type ErrorCode, isStrakeError } from '#oci'
import { isSystemError } from '#platform'
import { reply } from './reply.ts'

/** A failure with Docker's status and message, which clients compare. */
export class ApiError extends Error {
  readonly status: number

  constructor(status: number, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'ApiError'
    this.status = status
  }
}

const statuses: Readonly<Partial<Record<ErrorCode, number>>> = {
  NOT_FOUND: 404,
  ALREADY_EXISTS: 409,
  CONFLICT: 409,
  INVALID: 400,
  NAME_INVALID: 400,
  DIGEST_INVALID: 400,
  UNSUPPORTED: 501,
  UNAVAILABLE: 503,
  UNAUTHORIZED: 401,
  DENIED: 403,
  MANIFEST_UNKNOWN: 404,
  NAME_UNKNOWN: 404,
  BLOB_UNKNOWN: 404,
  TOOMANYREQUESTS: 429,
}

/**
 * Returns the status of an error and its message for a client. An error of the program itself says
 * nothing about it: its text is for the log.
 */
export function describeFailure(error: unknown): {
  readonly status: number
  readonly message: string
} {
  if (error instanceof ApiError) return { status: error.status, message: error.message }
  if (isStartFailure(error)) return { status: 400, message: startMessage(error) }
  if (isStrakeError(error)) {
    const { code, message, remedy } = error
    const status = statuses[code] ?? 500
    return { status, message: remedy === undefined ? message : `${message} (${remedy})` }
  }
  if (isSystemError(error)) return { status: 500, message: error.message }
  return { status: 500, message: 'Cannot answer the request: the server failed' }
}

/** The runtime could not start a process. */
type StartFailure = Error & { readonly exitCode: number }

function isStartFailure(error: unknown): error is StartFailure {
  return error instanceof Error && 'exitCode' in error && typeof error.exitCode === 'number'
}

/** The words in which the Docker CLI looks for the exit codes 127 and 126. */
const startWords: Readonly<Record<number, string>> = {
  127: 'executable file not found in $PATH',
  126: 'permission denied',
}

function startMessage({ message, exitCode }: StartFailure): string {
  const words = startWords[exitCode]
  return words === undefined || message.includes(words) ? message : `${message}: ${words}`
}

/** The response to a request that failed before its response began. */
export function failureResponse(error: unknown): Response {
  const { status, message } = describeFailure(error)
  return reply({ message }, { status })
}

/** Answers some failures of `work` with other statuses than usual, where Docker does so. */
export async function withStatuses<T>(
  work: Promise<T>,
  statuses: Readonly<Partial<Record<ErrorCode, number>>>,
): Promise<T> {
  try {
    return await work
  } catch (error) {
    const status = isStrakeError(error) ? statuses[error.code] : undefined
    if (status === undefined) throw error
    throw new ApiError(status, describeFailure(error).message, error)
  }
}
