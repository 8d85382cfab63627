import { StrakeError } from '#oci'
import { TemplateError } from '#template'

/** The form in which Docker reports a template that it cannot use. It depends on the command. */
export interface Failure {
  /** The text before Go's message. */
  readonly prefix: string
  /** The exit code of the process. */
  readonly exitCode: number
}

/** The failures of bad syntax and of a template that does not fit its data. */
export interface Failures {
  readonly syntax: Failure
  readonly data: Failure
}

const parsing = 'template parsing error: '

export const listFailures: Failures = {
  syntax: { prefix: parsing, exitCode: 1 },
  data: { prefix: parsing, exitCode: 1 },
}

/** `ps` tries a template before it lists anything. */
export const psFailures: Failures = {
  syntax: { prefix: 'failed to parse template: ', exitCode: 1 },
  data: { prefix: 'failed to execute template: ', exitCode: 1 },
}

export const inspectFailures: Failures = {
  syntax: { prefix: parsing, exitCode: 64 },
  data: { prefix: parsing, exitCode: 1 },
}

/** `info`, `version` and `system df -v`. */
export const bareFailures: Failures = {
  syntax: { prefix: parsing, exitCode: 64 },
  data: { prefix: '', exitCode: 1 },
}

const event = { prefix: 'Error parsing format: ', exitCode: 64 }
export const eventFailures: Failures = { syntax: event, data: event }

/** A value of `--format` that cannot be used, in Docker's words and with its exit code. */
export class FormatError extends StrakeError {
  override readonly name = 'FormatError'
  readonly exitCode: number
  /** The output of the template before its failure. */
  readonly written: string

  constructor({ message, written }: TemplateError, { prefix, exitCode }: Failure) {
    super('INVALID', prefix + message, {
      remedy: '--format json, which shows the names of all fields',
    })
    this.exitCode = exitCode
    this.written = written
  }
}

/** Calls a function and reports its `TemplateError` as Docker does. */
export function reportAs<Result>(failure: Failure, run: () => Result): Result {
  try {
    return run()
  } catch (error) {
    throw error instanceof TemplateError ? new FormatError(error, failure) : error
  }
}
